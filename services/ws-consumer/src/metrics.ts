import type { TokenCounts } from "@parley/identity/token-verifier";
import { Metrics } from "@parley/runtime/metrics";
import type { Hub } from "./delivery/hub.ts";
import type { Writers } from "./writing/run-writers.ts";

type Counted = Readonly<{
  writers: Writers;
  hub: Hub;
  tokens: TokenCounts;
  outboxSeconds: () => number;
  searchLagSeconds: () => number;
}>;

/** Creates the metrics of ws-consumer, without those of its door and of subscriptions. */
export function createConsumerMetrics(counted: Counted, shards: number): Metrics {
  const { writers, hub, tokens, outboxSeconds, searchLagSeconds } = counted;
  const metrics = new Metrics();
  const { counters } = writers;
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const byShard = (read: (shard: number) => number) =>
    Object.fromEntries(all.map((shard) => [shard, read(shard)]));
  metrics.counters({
    parley_writer_stored_total: ["entries that were stored", () => counters.stored],
    parley_writer_duplicates_total: ["entries that were stored before", () => counters.duplicates],
    parley_writer_restarts_total: ["shards that were read again from their cursor", () => counters.restarts],
    parley_writer_fenced_total: ["times that another instance had taken the shard", () => counters.fenced],
    parley_dead_letters_total: [
      "entries that became dead letters: not valid, or refused by Postgres",
      () => ({
        invalid: counters.deadLetters - counters.deadLettersRefused,
        refused: counters.deadLettersRefused,
      }),
      "reason",
    ],
    parley_deliveries_total: ["frames that were written to connections", () => hub.counters, "kind"],
    parley_token_checks_total: ["verifications of tokens", () => tokens, "how", "result"],
  });
  metrics.histograms({
    parley_writer_batch_entries: ["entries of each batch of a shard", counters.batchEntries],
    parley_writer_commit_seconds: [
      "from a statement until Postgres has committed it",
      counters.commitSeconds,
    ],
    parley_publish_to_deliver_seconds: [
      "from when the log took an entry until it was written to the sockets of its writer's instance",
      counters.deliverSeconds,
    ],
  });
  metrics.gauges({
    parley_lease_held: [
      "whether this instance writes a shard, 1 or 0",
      () => byShard((shard) => Number(writers.cursors().has(shard))),
      "shard",
    ],
    parley_writer_lag_seconds: [
      "age of the oldest entry that was read and is not stored; 0 where another instance writes",
      () => byShard((shard) => writers.lags().get(shard) ?? 0),
      "shard",
    ],
    parley_outbox_oldest_seconds: ["age of the oldest change that is not in the log", outboxSeconds],
    parley_search_lag_seconds: ["how long messages have been waiting to be indexed", searchLagSeconds],
    parley_hub_rooms: ["rooms in the hub of this instance", () => hub.rooms],
  });
  return metrics;
}
