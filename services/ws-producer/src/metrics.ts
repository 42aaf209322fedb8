import type { TokenCounts } from "@parley/identity/token-verifier";
import { ERROR_STATUS, type ErrorCode } from "@parley/protocol/codes";
import { zeroed } from "@parley/runtime/histogram";
import { Metrics } from "@parley/runtime/metrics";
import type { Backlog } from "./adapters/log/backlog.ts";
import type { LogPublisher } from "./adapters/log/log-publisher.ts";
import type { SendCounts } from "./application/post-message.ts";

type Counted = Readonly<{
  publisher: LogPublisher;
  backlog: Backlog;
  sends: SendCounts;
  tokens: TokenCounts;
}>;

const REFUSALS = Object.keys(ERROR_STATUS) as ErrorCode[];

export const createSendCounts = (): SendCounts => zeroed(["accepted", "duplicate", ...REFUSALS, "failed"]);

/** The metrics of ws-producer, without those of its door. */
export function createProducerMetrics(
  { publisher, backlog, sends, tokens }: Counted,
  shards: number,
): Metrics {
  const metrics = new Metrics();
  const { counters } = publisher;
  metrics.counters({
    parley_sends_total: ["messages, by what became of them", () => sends, "result"],
    parley_token_checks_total: ["verifications of tokens", () => tokens, "how", "result"],
    parley_log_published_total: ["entries that the log acknowledged", () => counters.published],
    parley_log_duplicates_total: ["acknowledged entries that were duplicates", () => counters.duplicates],
    parley_log_retries_total: ["entries that were published again", () => counters.retries],
    parley_log_refused_total: ["accepted entries that were rejected", () => counters.refused],
  });
  metrics.histograms({
    parley_send_ack_seconds: ["from an accepted message until the log has it on disk", counters.ackSeconds],
    parley_log_publish_seconds: ["from a publication until the log answers", counters.publishSeconds],
    parley_log_pack_entries: ["entries of each message of the log", counters.packEntries],
  });
  addLogGauges(metrics, publisher, backlog, shards);
  return metrics;
}

function addLogGauges(metrics: Metrics, publisher: LogPublisher, backlog: Backlog, shards: number): void {
  /** A value for each shard. */
  const byShard = (read: (shard: number) => number | undefined) => () =>
    Object.fromEntries(Array.from({ length: shards }, (_, shard) => [shard, read(shard)]));
  metrics.gauges({
    parley_log_pending: ["entries that the log has not acknowledged", () => publisher.pending()],
    parley_log_oldest_pending_seconds: [
      "age of the oldest entry that the log has not acknowledged",
      () => secondsSince(publisher.oldestPending()),
    ],
    parley_log_backlog: [
      "entries in the log that are not in Postgres, as this instance estimates",
      byShard((shard) => backlog.of(shard)),
      "shard",
    ],
    parley_lane_open: [
      "whether entries of a shard are published, 1 or 0",
      byShard((shard) => Number(publisher.lanesOpen()[shard])),
      "shard",
    ],
    parley_log_bytes_ratio: [
      "share of its limit of bytes that a shard of the log takes",
      byShard((shard) => publisher.streams()[shard]?.fill),
      "shard",
    ],
    parley_log_replicas_current: [
      "copies of a shard of the log that have everything",
      byShard((shard) => publisher.streams()[shard]?.currentReplicas),
      "shard",
    ],
  });
}

/** The accepted times are of this process's own clock. */
function secondsSince(at: string | undefined): number {
  return at === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(at)) / 1_000);
}
