import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { PROGRESS_SUBJECTS } from "@parley/protocol/subjects";

/** How long a client shall wait when the writers are too far behind, ms. */
const RETRY_AFTER_MS = 2_000;

/**
 * How far the writers are behind the log, by what they tell on `progress.<shard>`. Postgres may be away for as long
 * as the log has room, so the limit is wide; the log's own `max_bytes` is the last resort.
 */
export class Backlog {
  readonly #most: number;
  /** By shard: the last entry that the log acknowledged here, and the last that a writer has stored. */
  readonly #acknowledged: number[];
  readonly #stored: (number | undefined)[];

  /** @param most entries that may wait in one shard; more are refused */
  constructor(nats: NatsConnection, shards: number, most: number) {
    this.#most = most;
    this.#acknowledged = Array.from({ length: shards }, () => 0);
    this.#stored = Array.from({ length: shards });
    nats.subscribe(PROGRESS_SUBJECTS, {
      callback: (error, message) => {
        // A throw in a callback would end the reading of the whole connection.
        const { shard, cursor } = error ? {} : parse(message.string());
        if (typeof shard === "number" && typeof cursor === "number" && shard < shards)
          this.#stored[shard] = cursor;
      },
    });
  }

  /** Entries of a shard that are in the log and not yet stored; 0 while no writer has told. */
  of(shard: number): number {
    const stored = this.#stored[shard];
    return stored === undefined ? 0 : Math.max(0, (this.#acknowledged[shard] ?? 0) - stored);
  }

  acknowledged(shard: number, seq: number): void {
    this.#acknowledged[shard] = Math.max(seq, this.#acknowledged[shard] ?? 0);
  }

  /** @throws {Refusal} `overloaded` if the writer of this shard is too far behind. */
  check(shard: number): void {
    if (this.of(shard) < this.#most) return;
    throw new Refusal("overloaded", "too much waits to be stored", { retryAfterMs: RETRY_AFTER_MS });
  }
}

function parse(text: string): { shard?: unknown; cursor?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}
