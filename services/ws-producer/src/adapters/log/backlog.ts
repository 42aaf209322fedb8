import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { PROGRESS_SUBJECTS, type Progress } from "@parley/protocol/subjects";
import { listen, type OnFault } from "@parley/runtime/listen";
import type { Published } from "./pending-entries.ts";

/** Retry delay of `overloaded` while the writers are too far behind, ms. */
const RETRY_AFTER_MS = 2_000;

/** The backlog of one shard. A message of its log may hold several entries. */
type ShardBacklog = {
  /** Sequence of the last message that the log acknowledged here, and of the last that a writer has stored. */
  acknowledged: number;
  stored: number | undefined;
  /** Acknowledged here since the writer last had everything. */
  messages: number;
  entries: number;
};

/**
 * How far the writers are behind the log, from the cursors that they publish on `progress.<shard>`. Postgres may be down
 * for as long as the log has room, so the limit is wide; the log's own `max_bytes` is the last resort. Sequences count
 * messages: this process knows how many entries its own hold, and assumes the same for those of other processes.
 */
export class Backlog {
  readonly #entriesMax: number;
  readonly #shards: readonly ShardBacklog[];

  /** @param entriesMax entries of one shard in the backlog from which `check` throws */
  constructor(nats: NatsConnection, shards: number, entriesMax: number, onFault: OnFault) {
    this.#entriesMax = entriesMax;
    this.#shards = Array.from({ length: shards }, () => ({
      acknowledged: 0,
      stored: undefined,
      messages: 0,
      entries: 0,
    }));
    const receive = ({ shard, cursor }: Progress) => {
      const known = this.#shards[shard];
      if (known !== undefined && Number.isSafeInteger(cursor)) known.stored = cursor;
    };
    listen(nats, PROGRESS_SUBJECTS, (message) => receive(message.json<Progress>()), onFault);
  }

  /** Estimated entries of a shard that are in the log and not stored; 0 until its writer has published a cursor. */
  of(shard: number): number {
    const { acknowledged, stored = acknowledged, messages, entries } = this.#at(shard);
    const entriesPerMessage = messages === 0 ? 1 : Math.max(1, entries / messages);
    return Math.round(Math.max(0, acknowledged - stored) * entriesPerMessage);
  }

  /** Counts an entry that the log acknowledged. A duplicate does not make the backlog longer. */
  acknowledged({ shard, logSeq, duplicate }: Published): void {
    const known = this.#at(shard);
    if (logSeq > known.acknowledged) {
      const hasStoredAll = known.stored !== undefined && known.stored >= known.acknowledged;
      known.messages = hasStoredAll ? 1 : known.messages + 1;
      if (hasStoredAll) known.entries = 0;
      known.acknowledged = logSeq;
    }
    if (!duplicate) known.entries += 1;
  }

  /** @throws {Refusal} `overloaded` if the shard's backlog is at its limit. */
  check(shard: number): void {
    if (this.of(shard) >= this.#entriesMax)
      throw new Refusal("overloaded", "too many messages are waiting to be stored", {
        retryAfterMs: RETRY_AFTER_MS,
      });
  }

  #at(shard: number): ShardBacklog {
    return this.#shards[shard] as ShardBacklog;
  }
}
