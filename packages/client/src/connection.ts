import { closeSocket } from "./close-socket.ts";
import { errorOf, ParleyError, toError } from "./error.ts";
import type { Frame, Hello } from "./frames.ts";
import { type Heartbeat, startHeartbeat } from "./heartbeat.ts";
import type { WriteLog } from "./log.ts";
import { backoffMs, type Timers } from "./timers.ts";
import type { Tokens } from "./tokens.ts";
import type { Endpoint, Link, Release, SocketLike } from "./types.ts";

/** How long a socket may take from its opening to `hello`, ms. */
const OPENING_MS = 10_000;
/** A connection that lasted so long forgets earlier failures, ms. */
const STEADY_MS = 30_000;
/** Shortest wait after `4429`, too many connections, ms. */
const TOO_MANY_MS = 10_000;
/** Closes after which the same would happen again (protocol.md, Errors). */
const FATAL: Readonly<Record<number, string>> = {
  1007: "bad_encoding",
  1009: "too_large",
  4400: "bad_frame",
};

export type ConnectionParts = Readonly<{
  endpoint: Endpoint;
  openSocket: Link["openSocket"];
  tokens: Tokens;
  timers: Timers;
  log: WriteLog;
  onChange: () => void;
  onHello: (hello: Hello) => void;
  onFrame: (frame: Frame) => void;
  /** The server will not have this client as it is. */
  onFatal: (error: ParleyError) => void;
}>;

/** One try to connect, and the socket while it lasts. */
type Attempt = {
  socket?: SocketLike;
  token: string;
  stop: Release;
  heart?: Heartbeat;
  refusal?: ParleyError;
};

const nothing = (): void => undefined;

/** One WebSocket that is kept up: it connects, authenticates by its first frame, and comes back after a fault. */
export class Connection {
  phase: "off" | "connecting" | "online" | "waiting" = "off";
  /** What the server said first; undefined unless online. */
  hello: Hello | undefined;
  /** Why it is not online. */
  error: ParleyError | undefined;
  readonly #parts: ConnectionParts;
  #attempt: Attempt | undefined;
  #failures = 0;
  #onlineAt = 0;
  #retryAt = 0;
  #stopRetry: Release = nothing;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** When phase is `waiting`: how long until the next attempt, ms. */
  get retryInMs(): number {
    return Math.max(0, this.#retryAt - this.#parts.timers.now());
  }

  start(): void {
    if (this.phase === "off") this.#connect();
  }

  /** Closes the socket; nothing that it still sends is heard. Resolves when it is closed, or after a second. */
  stop(): Promise<void> {
    const done = this.#abandon();
    this.error = undefined;
    if (this.phase !== "off") this.#enter("off");
    return done;
  }

  /** Sends a frame; false if the connection is not online. */
  send(frame: object | string): boolean {
    const socket = this.#attempt?.socket;
    if (this.phase !== "online" || socket?.readyState !== 1) return false;
    socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    return true;
  }

  /** Hands in a new token of the same session. */
  auth(token: string): void {
    if (!this.hello || !this.#attempt || this.#attempt.token === token) return;
    this.#attempt.token = token;
    this.send({ type: "auth", id: "auth", token });
  }

  /** The connection may be dead: asks, or does not wait for the next attempt any longer. */
  probe(): void {
    if (this.phase === "waiting") this.#connect();
    else this.#attempt?.heart?.probe();
  }

  #enter(phase: Connection["phase"]): void {
    this.phase = phase;
    this.#parts.onChange();
  }

  /** Forgets the socket, so that its later events reach nobody, and closes it. */
  #abandon(): Promise<void> {
    const old = this.#attempt;
    this.#attempt = undefined;
    this.hello = undefined;
    this.#stopRetry();
    old?.stop();
    old?.heart?.stop();
    return old?.socket ? closeSocket(old.socket) : Promise.resolve();
  }

  #connect(): void {
    this.#stopRetry();
    const mine: Attempt = { token: "", stop: nothing };
    this.#attempt = mine;
    this.#enter("connecting");
    this.#parts.tokens.token().then(
      (token) => this.#attempt === mine && this.#open(mine, token),
      (thrown) => this.#attempt === mine && this.#fail(toError(thrown)),
    );
  }

  #open(mine: Attempt, token: string): void {
    const { timers, openSocket, endpoint } = this.#parts;
    mine.token = token;
    mine.stop = timers.after(OPENING_MS, () => this.#fail(new ParleyError("timeout")));
    try {
      const socket = openSocket(endpoint);
      const isMine = () => this.#attempt === mine;
      mine.socket = socket;
      socket.onopen = () => isMine() && socket.send(JSON.stringify({ type: "auth", token }));
      socket.onmessage = ({ data }: { data: unknown }) => isMine() && this.#take(mine, String(data));
      socket.onclose = ({ code, reason }: { code: number; reason: string }) =>
        isMine() && this.#closed(mine, code, String(reason ?? ""));
      socket.onerror = nothing;
    } catch (thrown) {
      this.#fail(toError(thrown));
    }
  }

  #take(mine: Attempt, text: string): void {
    const { tokens, onFrame } = this.#parts;
    mine.heart?.heard();
    const frame = JSON.parse(text) as Frame;
    if (frame.type === "hello") this.#greeted(mine, frame as unknown as Hello);
    else if (frame.type === "token_expiring") tokens.expiring(mine.token);
    else if (this.hello) onFrame(frame);
    else if (frame.type === "error") mine.refusal = errorOf(frame);
    if (frame.id === "auth" && frame.code === "unauthenticated") {
      tokens.refused(mine.token);
      tokens.expiring(mine.token);
    }
  }

  #greeted(mine: Attempt, hello: Hello): void {
    if (this.hello) return;
    const { timers, tokens, onHello } = this.#parts;
    mine.stop();
    this.hello = hello;
    this.error = undefined;
    this.#onlineAt = timers.now();
    mine.heart = startHeartbeat(
      timers,
      hello.heartbeatMs,
      () => mine.socket?.send('{"type":"ping"}'),
      () => this.#fail(new ParleyError("timeout")),
    );
    tokens.accepted(mine.token, hello.user);
    this.#enter("online");
    onHello(hello);
  }

  #closed({ token, refusal }: Attempt, code: number, reason: string): void {
    const { tokens, log, endpoint, onFatal } = this.#parts;
    log("info", "socket_closed", { endpoint, code });
    if (code === 4401) tokens.refused(token);
    if (code === 4403) tokens.signOut();
    const error = refusal ?? new ParleyError("network", `closed: ${code} ${reason}`);
    const fatal = FATAL[code];
    if (fatal) onFatal(new ParleyError(fatal, error.message));
    else this.#fail(error, Math.max(retryAfterMs(reason), code === 4429 ? TOO_MANY_MS : 0));
  }

  #fail(error: ParleyError, floorMs = 0): void {
    const { timers, tokens, log, endpoint } = this.#parts;
    if (this.phase === "online" && timers.now() - this.#onlineAt >= STEADY_MS) this.#failures = 0;
    void this.#abandon();
    if (tokens.isSignedOut) {
      this.#enter("off");
      return;
    }
    this.error = error;
    const floor = Math.max(floorMs, error.retryAfterMs ?? 0);
    const delayMs = backoffMs(this.#failures, timers.random(), floor);
    this.#failures += 1;
    this.#retryAt = timers.now() + delayMs;
    log("info", "retry", { endpoint, delayMs, failures: this.#failures });
    this.#stopRetry = timers.after(delayMs, () => this.#connect());
    this.#enter("waiting");
  }
}

/** `{"retryAfterMs":n}` of a close reason, else 0. */
function retryAfterMs(reason: string): number {
  try {
    return Number(JSON.parse(reason).retryAfterMs) || 0;
  } catch {
    return 0;
  }
}
