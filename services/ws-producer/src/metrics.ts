import { Metrics } from "@parley/runtime/metrics";
import type { Backlog } from "./adapters/log/backlog.ts";
import type { LogPublisher } from "./adapters/log/log-publisher.ts";

/** The metrics of ws-producer. */
export function createProducerMetrics(publisher: LogPublisher, backlog: Backlog, shards: number): Metrics {
  const metrics = new Metrics();
  const { counters } = publisher;
  metrics.counters({
    parley_log_published_total: ["entries that the log acknowledged", () => counters.published],
    parley_log_duplicates_total: ["acknowledged entries that were duplicates", () => counters.duplicates],
    parley_log_packs_total: ["messages of the log that held several entries", () => counters.packs],
    parley_log_packed_total: ["entries in those messages", () => counters.packed],
    parley_log_retries_total: ["entries that were published again", () => counters.retries],
    parley_log_refused_total: ["accepted entries that were rejected", () => counters.refused],
  });
  metrics.gauges({
    parley_log_pending: ["entries that the log has not acknowledged", () => publisher.pending()],
    parley_log_backlog: [
      "entries in the log that are not in Postgres, in the shard with the most",
      () => Math.max(...Array.from({ length: shards }, (_, shard) => backlog.of(shard))),
    ],
  });
  return metrics;
}
