import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { PROGRESS_SUBJECTS } from "@parley/protocol/subjects";
import type { Published } from "../../application/publish-message.ts";

/** How long a client shall wait when the writers are too far behind, ms. */
const RETRY_AFTER_MS = 2_000;

/** What is known of one shard. A message of its log may hold several entries. */
type ShardBacklog = {
  /** The last message that the log acknowledged here, and the last that a writer has stored. */
  acknowledged: number;
  stored: number | undefined;
  /** What this process has put into the log since the writer was last up with it. */
  messages: number;
  entries: number;
};

/**
 * How far the writers are behind the log, by what they tell on `progress.<shard>`. Postgres may be away for as long
 * as the log has room, so the limit is wide; the log's own `max_bytes` is the last resort. The log counts messages;
 * how many entries they hold is known of this process's own, and taken to be the same for those of others.
 */
export class Backlog {
  readonly #most: number;
  readonly #shards: readonly ShardBacklog[];

  /** @param most entries that may wait in one shard; more are refused */
  constructor(nats: NatsConnection, shards: number, most: number) {
    this.#most = most;
    this.#shards = Array.from({ length: shards }, () => ({
      acknowledged: 0,
      stored: undefined,
      messages: 0,
      entries: 0,
    }));
    nats.subscribe(PROGRESS_SUBJECTS, {
      callback: (error, message) => {
        // A throw in a callback would end the reading of the whole connection.
        const { shard, cursor } = error ? {} : parse(message.string());
        const known = typeof shard === "number" ? this.#shards[shard] : undefined;
        if (known !== undefined && typeof cursor === "number") known.stored = cursor;
      },
    });
  }

  /** About how many entries of a shard are in the log and not yet stored; 0 while no writer has told. */
  of(shard: number): number {
    const { acknowledged, stored = acknowledged, messages, entries } = this.#at(shard);
    const each = messages === 0 ? 1 : Math.max(1, entries / messages);
    return Math.round(Math.max(0, acknowledged - stored) * each);
  }

  /** Counts an entry that the log has. One that it had before is none that waits. */
  acknowledged({ shard, seq, duplicate }: Published): void {
    const known = this.#at(shard);
    if (seq > known.acknowledged) {
      const isUpWithIt = known.stored !== undefined && known.stored >= known.acknowledged;
      known.messages = isUpWithIt ? 1 : known.messages + 1;
      if (isUpWithIt) known.entries = 0;
      known.acknowledged = seq;
    }
    if (!duplicate) known.entries += 1;
  }

  /** @throws {Refusal} `overloaded` if the writer of this shard is too far behind. */
  check(shard: number): void {
    if (this.of(shard) >= this.#most)
      throw new Refusal("overloaded", "too much waits to be stored", { retryAfterMs: RETRY_AFTER_MS });
  }

  #at(shard: number): ShardBacklog {
    return this.#shards[shard] as ShardBacklog;
  }
}

function parse(text: string): { shard?: unknown; cursor?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}
