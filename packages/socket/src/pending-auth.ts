import type { Identity, VerifyToken } from "@parley/identity/identity";
import { AuthFrame } from "@parley/protocol/client-frames";
import { CLOSE, type CloseCode, Refusal } from "@parley/protocol/codes";
import { AUTH_DEADLINE_MS, EARLY_FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { RawData } from "ws";
import { CommandTable, command, errorFrame } from "./command.ts";
import type { FrameKind, TakeFrame } from "./inbound-frames.ts";
import { type Meter, PAUSE } from "./meter.ts";
import { refusePeer } from "./refuse-peer.ts";

/** Frames, and bytes of them, that a client may send after its `auth` frame before that is answered. */
const EARLY_FRAMES_MAX = 64;
const EARLY_BYTES_MAX = 32 * 1_024;
/** Pings and pongs that a client may send before it is authenticated: one is usual. */
const CONTROL_FRAMES_MAX = 16;
/** Heads of frames that may come with the first one: those of its fragments, and pings. */
const HEAD_BYTES_MAX = 1_024;
const FIRST_BYTES_MAX = EARLY_FRAME_BYTES_MAX + HEAD_BYTES_MAX;
/** Bytes that a socket may send before it is authenticated. */
const BYTES_MAX = FIRST_BYTES_MAX + EARLY_BYTES_MAX + HEAD_BYTES_MAX;

/** How long a socket may be silent while others need its place, ms: a client sends its token at once. */
const SILENT_MS = 1_000;

/** Codes by which a token is refused. */
const ANSWERS: readonly string[] = ["unauthenticated", "forbidden", "unavailable"];

type Read = (chunk: Buffer) => void;

/** Frames that arrived after `auth` and before its answer, in order. */
type EarlyFrames = readonly Readonly<Parameters<TakeFrame>>[];

/** Called once, when the token is verified and the socket is still open, or was closed by its peer behind early frames. */
export type OnAuthenticated = (identity: Identity, early: EarlyFrames) => void;

type PendingAuthOptions = Readonly<{
  meter: Meter;
  verifyToken: VerifyToken;
  onAuthenticated: OnAuthenticated;
}>;

/**
 * A socket whose handshake brought no token: its first frame must be `auth`, within `AUTH_DEADLINE_MS`. While the token
 * is verified the socket is not read; frames that came in the same read are kept, as copies. A socket that is refused
 * is closed with 4401, or 4503 if auth is away, and its TCP ends.
 *
 * Reads pass through here until then: ws parses a read to its end, 9,000 small frames of it if need be, so that one which
 * is too large for a socket without a token is not given to it (docs/decisions/0040).
 */
export class PendingAuth {
  /** When the socket is ended unless it is authenticated; monotonic, ms. */
  readonly deadline: number;
  readonly #meter: Meter;
  readonly #table: CommandTable;
  readonly #early: Parameters<TakeFrame>[] = [];
  #earlyBytes = 0;
  #controlFrames = 0;
  #isFirst = true;
  /** Bytes that came. */
  #bytes = 0;
  /** Who reads the socket: ws and the meter. */
  readonly #readers: readonly Read[];

  constructor({ meter, verifyToken, onAuthenticated }: PendingAuthOptions) {
    const { ws, socket } = meter;
    this.#meter = meter;
    this.deadline = performance.now() + AUTH_DEADLINE_MS;
    const authenticate = command("auth", AuthFrame, 0, async (_connection, { token }) => {
      const identity = await verifyToken(token);
      if (ws.readyState !== ws.OPEN && this.#early.length === 0) return;
      this.#letThrough();
      onAuthenticated(identity, this.#early.splice(0));
    });
    this.#table = new CommandTable([authenticate]);
    this.#readers = socket.listeners("data") as Read[];
    socket.removeAllListeners("data");
    socket.on("data", this.#pass);
  }

  /**
   * Closes the socket, of these in the order in which they came, that has been silent for longest, if for `SILENT_MS`: else
   * a few addresses could keep all places.
   *
   * @returns whether there was one
   */
  static evictSilent(all: Set<PendingAuth>, now: number): boolean {
    for (const one of all) {
      if (now - (one.deadline - AUTH_DEADLINE_MS) < SILENT_MS) return false;
      if (!one.#isFirst) continue;
      all.delete(one);
      one.close(CLOSE.tooMany, "others need the place of a socket without a token");
      return true;
    }
    return false;
  }

  /** Passes a read on, unless the socket has sent too much; ends it if its first frame is too large to be complete. */
  readonly #pass: Read = (chunk) => {
    const { socket } = this.#meter;
    this.#bytes += chunk.length;
    if (this.#bytes > BYTES_MAX) return this.#endFlood();
    for (const read of this.#readers) read.call(socket, chunk);
    if (this.#isFirst && this.#bytes > FIRST_BYTES_MAX) this.#refuseTooLarge();
  };

  /** Ends a socket that floods: nothing more is read of it, not even to let it see why. */
  #endFlood(): void {
    const { ws, socket } = this.#meter;
    this.#early.length = 0;
    socket.off("data", this.#pass);
    socket.pause();
    ws.close(CLOSE.tooMany, "too many bytes before authentication");
    socket.destroySoon();
  }

  #letThrough(): void {
    const { socket } = this.#meter;
    socket.off("data", this.#pass);
    for (const read of this.#readers) socket.on("data", read);
  }

  readonly take: TakeFrame = (kind, data) => {
    if (kind === "ping" || kind === "pong") return this.#countControl();
    const bytes = (data as Buffer).length;
    if (bytes > EARLY_FRAME_BYTES_MAX) this.#refuseTooLarge();
    else if (this.#isFirst) {
      this.#isFirst = false;
      this.#meter.pause(PAUSE.auth);
      void this.#authenticate(data);
    } else this.#keep(kind, data as Buffer);
  };

  #countControl(): void {
    this.#controlFrames += 1;
    if (this.#controlFrames === CONTROL_FRAMES_MAX + 1)
      this.close(CLOSE.tooMany, "too many pings and pongs before authentication");
  }

  #keep(kind: FrameKind, data: Buffer): void {
    this.#earlyBytes += data.length;
    if (this.#early.length >= EARLY_FRAMES_MAX || this.#earlyBytes > EARLY_BYTES_MAX)
      this.close(CLOSE.tooMany, "too many frames before the answer to auth");
    else this.#early.push([kind, Buffer.from(data)]);
  }

  async #authenticate(data: RawData): Promise<void> {
    try {
      const parsed = this.#table.read(data.toString());
      await parsed.command.handle(undefined as never, parsed.frame);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#meter.resume(PAUSE.auth);
    }
  }

  /** The client learns whether its token was refused or auth is away; any other error is a first frame not `auth`. */
  #refuse(error: unknown): void {
    if (this.#meter.ws.readyState !== this.#meter.ws.OPEN) return;
    const isAnswer = error instanceof Refusal && ANSWERS.includes(error.code);
    const refusal = isAnswer
      ? error
      : new Refusal("unauthenticated", 'the first frame must be {"type":"auth","token":…}');
    this.#meter.ws.send(JSON.stringify(errorFrame(refusal)));
    if (refusal.code === "unavailable") this.close(CLOSE.unavailable, "auth does not answer");
    else this.close(CLOSE.unauthenticated, "not authenticated");
  }

  #refuseTooLarge(): void {
    this.close(
      CLOSE.frameTooLarge,
      `a frame before authentication has at most ${EARLY_FRAME_BYTES_MAX} bytes`,
    );
  }

  /** Ends a socket that did not authenticate in time. */
  expire(): void {
    this.close(CLOSE.unauthenticated, "not authenticated in time");
    // The close frame leaves first; nobody waits for an answer to it.
    this.#meter.socket.destroySoon();
  }

  close(code: CloseCode, reason: string): void {
    this.#early.length = 0;
    refusePeer(this.#meter, code, reason);
  }

  terminate(): void {
    this.#meter.ws.terminate();
  }
}
