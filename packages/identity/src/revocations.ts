import type { NatsConnection } from "@nats-io/transport-node";
import { REVOKED_SUBJECT } from "@parley/protocol/subjects";
import { listen } from "@parley/runtime/listen";
import type { Log } from "@parley/runtime/log";

/** Interval at which revocations are listed from auth, ms: repairs lost NATS events. */
const POLL_MS = 15_000;
/** How long a revocation is kept, ms: longer than any access token is valid. */
const KEEP_MS = 20 * 60_000;

/** A session that was ended before its tokens expired. */
type Revocation = Readonly<{ sessionId: string; userId: string }>;

/** Lists one page of revocations since `nextSince` of the previous page; without it, all that concern valid tokens. */
export type ListRevocations = (since: Date | undefined) => Promise<{
  revocations: readonly Revocation[];
  nextSince: Date | undefined;
  hasMore: boolean;
}>;

type RevocationsOptions = Readonly<{
  nats: NatsConnection;
  list: ListRevocations;
  /** Called once for each session whose revocation becomes known. */
  onRevoked: (revocation: Revocation) => void;
  log: Log;
}>;

/** The revoked sessions, from NATS events and from a list that is polled every `POLL_MS`. */
export class Revocations {
  readonly #options: RevocationsOptions;
  /** Session id to the time at which its revocation became known (monotonic, ms), oldest first. */
  readonly #revokedAt = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #since: Date | undefined;
  #isPolling = false;

  constructor(options: RevocationsOptions) {
    this.#options = options;
    const { nats, log } = options;
    listen(
      nats,
      REVOKED_SUBJECT,
      (message) => this.#add(message.json<Revocation>()),
      (err, what) => log.error({ err }, what),
    );
    this.#timer = setInterval(() => void this.poll(), POLL_MS);
    this.#timer.unref();
  }

  /** Whether the revocation of a session is known here. */
  has(sessionId: string): boolean {
    return this.#revokedAt.has(sessionId);
  }

  /** Lists revocations since the last poll, all pages. If auth does not answer, the next poll continues there. */
  async poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      for (let hasMore = true; hasMore; ) {
        const answer = await this.#options.list(this.#since);
        for (const revocation of answer.revocations) this.#add(revocation);
        this.#since = answer.nextSince ?? this.#since;
        hasMore = answer.hasMore;
      }
    } catch (err) {
      this.#options.log.warn({ err }, "revocations could not be listed");
    } finally {
      this.#isPolling = false;
    }
    this.#removeOld();
  }

  #add(revocation: Revocation): void {
    if (this.#revokedAt.has(revocation.sessionId)) return;
    this.#revokedAt.set(revocation.sessionId, performance.now());
    this.#options.onRevoked(revocation);
  }

  #removeOld(): void {
    const oldest = performance.now() - KEEP_MS;
    for (const [sessionId, at] of this.#revokedAt) {
      if (at > oldest) return;
      this.#revokedAt.delete(sessionId);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
