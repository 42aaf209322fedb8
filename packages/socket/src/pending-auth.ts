import type { Identity, VerifyToken } from "@parley/identity/identity";
import { AuthFrame } from "@parley/protocol/client-frames";
import { CLOSE, Refusal } from "@parley/protocol/codes";
import { AUTH_DEADLINE_MS } from "@parley/protocol/limits";
import type { RawData, WebSocket } from "ws";
import { CommandTable, command, errorFrame } from "./command.ts";
import type { FrameKind, TakeFrame } from "./receive.ts";

/** Frames that a client may send after its `auth` frame before that is answered. */
const EARLY_FRAMES_MAX = 64;

/** Frames that arrived after `auth` and before its answer, in order. */
type EarlyFrames = readonly Readonly<Parameters<TakeFrame>>[];

/** Called once, when the token is verified and the socket is still open. */
type OnAuthenticated = (identity: Identity, early: EarlyFrames) => void;

/**
 * A socket whose handshake brought no token: its first frame must be `auth`, within `AUTH_DEADLINE_MS`. Frames after
 * it are kept until the token is verified. A socket that is refused is closed with 4401, or 4503 if auth is away.
 */
export class PendingAuth {
  /** When the socket is closed unless it is authenticated; monotonic, ms. */
  readonly deadline: number;
  readonly #ws: WebSocket;
  readonly #table: CommandTable;
  readonly #early: Parameters<TakeFrame>[] = [];
  #isFirst = true;

  constructor(ws: WebSocket, verifyToken: VerifyToken, onAuthenticated: OnAuthenticated) {
    this.#ws = ws;
    this.deadline = performance.now() + AUTH_DEADLINE_MS;
    const authenticate = command("auth", AuthFrame, async (_connection, { token }) => {
      const identity = await verifyToken(token);
      if (ws.readyState === ws.OPEN) onAuthenticated(identity, this.#early.splice(0));
    });
    this.#table = new CommandTable([authenticate]);
  }

  readonly take = (kind: FrameKind, data: RawData): void => {
    if (kind === "ping" || kind === "pong") return;
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#ws.pause();
      void this.#authenticate(data);
    } else if (this.#early.length >= EARLY_FRAMES_MAX) {
      this.close(CLOSE.tooMany, "too many frames before the answer to auth");
    } else {
      this.#early.push([kind, data]);
    }
  };

  async #authenticate(data: RawData): Promise<void> {
    try {
      const parsed = this.#table.read(data.toString());
      await parsed.command.handle(undefined as never, parsed.frame);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#ws.resume();
    }
  }

  /** The client learns whether its token was refused or auth is away; any other error is a first frame not `auth`. */
  #refuse(error: unknown): void {
    const isAnswer =
      error instanceof Refusal && (error.code === "unauthenticated" || error.code === "unavailable");
    const refusal = isAnswer
      ? error
      : new Refusal("unauthenticated", 'the first frame must be {"type":"auth","token":…}');
    this.#ws.send(JSON.stringify(errorFrame(refusal)));
    if (refusal.code === "unavailable") this.close(CLOSE.unavailable, "auth does not answer");
    else this.close(CLOSE.unauthenticated, "not authenticated");
  }

  /** Closes a socket that did not authenticate in time. */
  expire(): void {
    this.close(CLOSE.unauthenticated, "not authenticated in time");
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }
}
