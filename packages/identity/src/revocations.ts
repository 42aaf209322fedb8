import type { NatsConnection } from "@nats-io/transport-node";
import { REVOKED_SUBJECT } from "@parley/protocol/subjects";
import type { Log } from "@parley/runtime/log";

/** How often auth is asked what was revoked, ms: the repair path when an event on NATS was lost. */
const POLL_MS = 15_000;
/** How long a revoked session is remembered, ms: longer than any access token lives. */
const REMEMBER_MS = 20 * 60_000;

/** A session that auth has ended. */
export type Revocation = Readonly<{ sessionId: string; userId: string }>;

/** Lists what was revoked since a time that auth gave with the last answer; without one, what still matters. */
export type ListRevocations = (since: Date | undefined) => Promise<{
  revocations: readonly Revocation[];
  nextSince: Date | undefined;
  hasMore: boolean;
}>;

export type RevocationsOptions = Readonly<{
  nats: NatsConnection;
  list: ListRevocations;
  /** Called once for each revoked session. */
  onRevoked: (revocation: Revocation) => void;
  log: Log;
}>;

/** Knows which sessions were revoked, by events and by asking, so that their sockets can be closed. */
export class Revocations {
  readonly #options: RevocationsOptions;
  /** When each session's revocation was heard of, monotonic ms; in that order. */
  readonly #heard = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #since: Date | undefined;
  #isPolling = false;

  constructor(options: RevocationsOptions) {
    this.#options = options;
    options.nats.subscribe(REVOKED_SUBJECT, {
      callback: (error, message) => {
        if (error) return options.log.error({ err: error }, "revocations cannot be heard");
        try {
          this.#take(message.json<Revocation>());
        } catch (err) {
          options.log.error({ err }, "a revocation could not be read");
        }
      },
    });
    this.#timer = setInterval(() => void this.poll(), POLL_MS);
    this.#timer.unref();
  }

  /** Whether a session was revoked, as far as is known here. */
  has(sessionId: string): boolean {
    return this.#heard.has(sessionId);
  }

  /** Asks auth what was revoked since the last time; when it does not answer, the next poll asks for more. */
  async poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      for (let hasMore = true; hasMore; ) {
        const answer = await this.#options.list(this.#since);
        for (const revocation of answer.revocations) this.#take(revocation);
        this.#since = answer.nextSince ?? this.#since;
        hasMore = answer.hasMore;
      }
    } catch (err) {
      this.#options.log.warn({ err }, "revocations could not be listed");
    } finally {
      this.#isPolling = false;
    }
    this.#forget();
  }

  #take(revocation: Revocation): void {
    if (this.#heard.has(revocation.sessionId)) return;
    this.#heard.set(revocation.sessionId, performance.now());
    this.#options.onRevoked(revocation);
  }

  #forget(): void {
    const old = performance.now() - REMEMBER_MS;
    for (const [sessionId, heardAt] of this.#heard) {
      if (heardAt > old) return;
      this.#heard.delete(sessionId);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
