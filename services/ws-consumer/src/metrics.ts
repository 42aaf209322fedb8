import { Metrics } from "@parley/runtime/metrics";
import type { Hub } from "./delivery/hub.ts";
import type { Writers } from "./writing/run-writers.ts";

/** Creates the metrics of ws-consumer. */
export function createConsumerMetrics({ counters, cursors }: Writers, hub: Hub): Metrics {
  const metrics = new Metrics();
  metrics.counters({
    parley_writer_stored_total: ["entries that were stored", () => counters.stored],
    parley_writer_duplicates_total: ["entries that were stored before", () => counters.duplicates],
    parley_writer_dead_letters_total: ["entries that became dead letters", () => counters.deadLetters],
    parley_writer_batches_total: ["batches of a shard that were stored", () => counters.batches],
    parley_writer_write_seconds_total: ["time spent waiting for Postgres", () => counters.writeMs / 1_000],
    parley_writer_restarts_total: ["shards that were read again from their cursor", () => counters.restarts],
    parley_writer_fenced_total: ["times that another instance had taken the shard", () => counters.fenced],
    parley_hub_delivered_total: ["frames delivered live to connections", () => hub.counters.delivered],
    parley_hub_repaired_total: [
      "frames read from Postgres because live ones were lost",
      () => hub.counters.repaired,
    ],
  });
  metrics.gauges({
    parley_writer_shards: ["shards that this instance writes", () => cursors().size],
    parley_hub_rooms: ["rooms in the hub of this instance", () => hub.rooms],
  });
  return metrics;
}
