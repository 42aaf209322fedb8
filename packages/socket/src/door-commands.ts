import type { Identity, VerifyToken } from "@parley/identity/identity";
import { AuthFrame, PingFrame } from "@parley/protocol/client-frames";
import { CLOSE, Refusal } from "@parley/protocol/codes";
import type { RawData, WebSocket } from "ws";
import { type Command, CommandTable, command, errorFrame } from "./command.ts";

/** `ping`: the application's own heartbeat, for clients that cannot send WebSocket pings. */
export function pingCommand(): Command {
  return command("ping", PingFrame, (connection, { id }) => {
    connection.send({ type: "pong", id, at: new Date().toISOString() });
  });
}

/** `auth` on an open connection: a later token of the same user and session. */
export function authCommand(verifyToken: VerifyToken): Command {
  return command("auth", AuthFrame, async (connection, { id, token }) => {
    const identity = await verifyToken(token);
    if (
      identity.userId !== connection.identity.userId ||
      identity.sessionId !== connection.identity.sessionId
    ) {
      throw new Refusal("forbidden", "the token is of another user or session", { path: "/token" });
    }
    connection.renew(identity, performance.now());
    connection.send({ type: "authenticated", id, expiresAt: new Date(identity.expiresAt).toISOString() });
  });
}

/** Frames that a client may send behind its `auth` frame before that is answered. */
const EARLY_FRAMES_MAX = 64;

/** A socket that came without a token: its first frame must be `auth`. Frames behind it wait for the answer. */
export class PendingAuth {
  readonly ws: WebSocket;
  /** Monotonic, ms. */
  readonly deadline: number;
  readonly #enter: (identity: Identity) => void;
  readonly #table: CommandTable;
  readonly #early: [RawData, boolean][] = [];
  #isFirst = true;

  constructor(
    ws: WebSocket,
    deadline: number,
    verifyToken: VerifyToken,
    enter: (identity: Identity) => void,
  ) {
    this.ws = ws;
    this.deadline = deadline;
    this.#enter = enter;
    const identify = command("auth", AuthFrame, async (_connection, { token }) =>
      this.#admit(await verifyToken(token)),
    );
    this.#table = new CommandTable([identify]);
    ws.on("message", this.#take);
  }

  readonly #take = (data: RawData, isBinary: boolean): void => {
    if (this.#isFirst) {
      this.#isFirst = false;
      this.ws.pause();
      void this.#identify(data);
    } else if (this.#early.push([data, isBinary]) > EARLY_FRAMES_MAX) {
      this.ws.close(CLOSE.tooMany, "too many frames before the answer to auth");
    }
  };

  async #identify(data: RawData): Promise<void> {
    try {
      const { command: identify, frame } = this.#table.read(data.toString());
      await identify.handle(undefined as never, frame);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.ws.resume();
    }
  }

  #admit(identity: Identity): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    this.ws.off("message", this.#take);
    this.#enter(identity);
    for (const [data, isBinary] of this.#early) this.ws.emit("message", data, isBinary);
  }

  #refuse(error: unknown): void {
    const isTold =
      error instanceof Refusal && (error.code === "unauthenticated" || error.code === "unavailable");
    const refusal = isTold
      ? error
      : new Refusal("unauthenticated", 'the first frame must be {"type":"auth","token":…}');
    this.ws.send(JSON.stringify(errorFrame(refusal)));
    if (refusal.code === "unavailable") this.ws.close(CLOSE.unavailable, "auth does not answer");
    else this.ws.close(CLOSE.unauthenticated, "not authenticated");
  }

  /** Ends a socket that did not authenticate in time. */
  expire(): void {
    this.ws.close(CLOSE.unauthenticated, "not authenticated in time");
  }
}
