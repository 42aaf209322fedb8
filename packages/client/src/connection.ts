import { type Attempt, type ConnectionParts, openAttempt } from "./attempt.ts";
import { type ParleyError, toError } from "./error.ts";
import { backoffMs } from "./timers.ts";
import type { Release } from "./types.ts";

/** A connection that lasted so long forgets earlier failures, ms. */
const STEADY_MS = 30_000;

/** One WebSocket that is kept up: it connects, authenticates by its first frame, and comes back after a fault. */
export class Connection {
  phase: "off" | "connecting" | "online" | "waiting" = "off";
  /** Why it is not online. */
  error: ParleyError | undefined;
  readonly #parts: ConnectionParts;
  #attempt: Attempt | undefined;
  /** Names the try of now: what belongs to an earlier one is ignored. */
  #try = {};
  #failures = 0;
  #onlineAt = 0;
  #retryAt = 0;
  #stopRetry: Release = () => undefined;

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
  stop(): Promise<void> | undefined {
    const done = this.#abandon();
    this.error = undefined;
    if (this.phase !== "off") this.#enter("off");
    return done;
  }

  /** Sends a frame; false if the connection is not online. */
  send(frame: object | string): boolean {
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    return this.phase === "online" && this.#attempt?.send(text) === true;
  }

  /** Hands in a new token of the same session. */
  auth(token: string): void {
    this.#attempt?.auth(token);
  }

  /** The connection may be dead: asks, or does not wait for the next attempt any longer. */
  probe(): void {
    if (this.phase === "waiting") this.#connect();
    else this.#attempt?.probe();
  }

  #enter(phase: Connection["phase"]): void {
    this.phase = phase;
    this.#parts.onChange();
  }

  #abandon(): Promise<void> | undefined {
    const old = this.#attempt;
    this.#attempt = undefined;
    this.#try = {};
    this.#stopRetry();
    return old?.stop();
  }

  #connect(): void {
    this.#stopRetry();
    const mine = {};
    this.#try = mine;
    this.#enter("connecting");
    const { tokens, timers, onHello } = this.#parts;
    tokens
      .token()
      .then((token) => {
        if (this.#try !== mine) return;
        this.#attempt = openAttempt(this.#parts, token, {
          onGreeted: (hello) => {
            this.error = undefined;
            this.#onlineAt = timers.now();
            this.#enter("online");
            onHello(hello);
          },
          onFailed: (error, floorMs) => this.#fail(error, floorMs),
        });
      })
      .catch((thrown) => {
        if (this.#try === mine) this.#fail(toError(thrown));
      });
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
    const delayMs = backoffMs(this.#failures, timers.random(), Math.max(floorMs, error.retryAfterMs ?? 0));
    this.#failures += 1;
    this.#retryAt = timers.now() + delayMs;
    log("info", "retry", { endpoint, delayMs, failures: this.#failures });
    this.#stopRetry = timers.after(delayMs, () => this.#connect());
    this.#enter("waiting");
  }
}
