import { type Dashboard, graph, number, quantiles, rate } from "./panels.ts";

const FAILURES = 'result=~"overloaded|unavailable|failed"';
const OURS = '{job=~"auth|ws-producer|ws-consumer|web"}';

const overview: Dashboard = {
  uid: "parley-overview",
  title: "Parley: overview",
  rows: {
    "What users see": [
      number(
        "canary rounds that succeed",
        "percentunit",
        'sum(rate(parley_canary_rounds_total{result="ok"}[1m])) / sum(rate(parley_canary_rounds_total[1m]))',
      ),
      number(
        "sends that fail",
        "percentunit",
        `(${rate(`parley_sends_total{${FAILURES}}`)} or vector(0)) / ${rate("parley_sends_total")}`,
      ),
      number("messages a second", "ops", rate('parley_sends_total{result="accepted"}')),
      number("deliveries a second", "ops", rate("parley_deliveries_total")),
      number("connections", "short", "sum(parley_connections)"),
      number("behind", "s", "max(parley_writer_lag_seconds)"),
    ],
    Objectives: [
      graph("burn rate, 1 hour", "short", ["parley:burn_rate:1h", "{{slo}}"]),
      graph("burn rate, 5 minutes", "short", ["parley:burn_rate:5m", "{{slo}}"]),
      {
        ...graph("alerts", "short", [
          'count by (alertname, severity) (ALERTS{alertstate="firing"})',
          "{{severity}} {{alertname}}",
        ]),
        emptyBecause: "nothing fires within the minutes of a short run",
      },
    ],
    "The canary": [
      graph("rounds by the step that failed", "ops", [
        rate("parley_canary_rounds_total", "result"),
        "{{result}}",
      ]),
      graph("time until a step is done", "s", ...quantiles("parley_canary_step_seconds", "step")),
      graph(
        "send to acknowledgement, publish to delivery, p99",
        "s",
        [`histogram_quantile(0.99, ${rate("parley_send_ack_seconds_bucket", "le")})`, "ack"],
        [`histogram_quantile(0.99, ${rate("parley_publish_to_deliver_seconds_bucket", "le")})`, "deliver"],
      ),
    ],
    Processes: [
      graph("answering Prometheus", "short", [`up${OURS}`, "{{job}} {{instance}}"]),
      graph("ready", "short", ["min by (job, check) (parley_ready)", "{{job}} {{check}}"]),
      graph("processor", "percentunit", [
        `rate(process_cpu_seconds_total${OURS}[$__rate_interval])`,
        "{{job}} {{instance}}",
      ]),
      graph("event loop", "percentunit", [
        `nodejs_eventloop_utilization_ratio${OURS}`,
        "{{job}} {{instance}}",
      ]),
      graph("memory", "bytes", [`process_resident_memory_bytes${OURS}`, "{{job}} {{instance}}"]),
      graph("garbage collection", "percentunit", [
        "sum by (job, kind) (rate(nodejs_gc_duration_seconds_sum[$__rate_interval]))",
        "{{job}} {{kind}}",
      ]),
      graph("versions", "short", ["count by (job, version) (parley_build_info)", "{{job}} {{version}}"]),
      graph("statements that fail", "ops", [
        rate("parley_db_errors_total", "job", "class"),
        "{{job}} {{class}}",
      ]),
      graph("connections to NATS that came back", "ops", [
        rate("parley_nats_reconnects_total", "job"),
        "{{job}}",
      ]),
    ],
  },
};

const dataPath: Dashboard = {
  uid: "parley-data-path",
  title: "Parley: data path",
  rows: {
    "From a frame to the log": [
      graph("sends by result", "ops", [rate("parley_sends_total", "result"), "{{result}}"]),
      graph("from a message to the log's disk", "s", ...quantiles("parley_send_ack_seconds")),
      graph("the log's answer", "s", ...quantiles("parley_log_publish_seconds")),
      graph("entries of a message of the log", "short", ...quantiles("parley_log_pack_entries")),
      graph("waiting for the log", "short", ["sum by (instance) (parley_log_pending)", "{{instance}}"]),
      graph("age of the oldest that waits", "s", [
        "max by (instance) (parley_log_oldest_pending_seconds)",
        "{{instance}}",
      ]),
      graph(
        "entries at the log",
        "ops",
        [rate("parley_log_published_total"), "acknowledged"],
        [rate("parley_log_duplicates_total"), "duplicates"],
        [rate("parley_log_retries_total"), "published again"],
        [rate("parley_log_refused_total"), "rejected"],
      ),
    ],
    "From the log to its row": [
      graph(
        "stored",
        "ops",
        [rate("parley_writer_stored_total"), "stored"],
        [rate("parley_writer_duplicates_total"), "stored before"],
      ),
      graph("statement and commit", "s", ...quantiles("parley_writer_commit_seconds")),
      graph("entries of a batch", "short", ...quantiles("parley_writer_batch_entries")),
      graph(
        "interruptions",
        "ops",
        [rate("parley_writer_restarts_total"), "read again"],
        [rate("parley_writer_fenced_total"), "fenced"],
      ),
      graph("dead letters", "ops", [rate("parley_dead_letters_total", "reason"), "{{reason}}"]),
      graph(
        "changes that wait for the log; search",
        "s",
        ["max(parley_outbox_oldest_seconds)", "outbox"],
        ["max(parley_search_lag_seconds)", "search"],
      ),
    ],
    "From the row to a socket": [
      graph("from the log to the sockets", "s", ...quantiles("parley_publish_to_deliver_seconds")),
      graph("deliveries", "ops", [rate("parley_deliveries_total", "kind"), "{{kind}}"]),
      graph("subscriptions", "ops", [rate("parley_resumes_total", "outcome"), "{{outcome}}"]),
      graph("until a subscription is live", "s", ...quantiles("parley_resume_seconds")),
      graph("rooms in the hubs", "short", ["sum by (instance) (parley_hub_rooms)", "{{instance}}"]),
    ],
  },
};

const sockets: Dashboard = {
  uid: "parley-sockets",
  title: "Parley: sockets",
  rows: {
    Sockets: [
      graph("connections", "short", ["sum by (job, instance) (parley_connections)", "{{job}} {{instance}}"]),
      graph("waiting for their token", "short", ["sum by (job) (parley_connections_pending)", "{{job}}"]),
      graph("handshakes", "ops", [rate("parley_handshakes_total", "job", "result"), "{{job}} {{result}}"]),
      {
        ...graph("closes", "ops", [rate("parley_closes_total", "code"), "{{code}}"]),
        description:
          "4408: too slow; 4401: token ended; 4403: session revoked; 4429: too many; 1012: draining; 1006: the network",
      },
    ],
    Frames: [
      graph("received", "ops", [
        rate('parley_frames_received_total{result="ok"}', "job", "type"),
        "{{job}} {{type}}",
      ]),
      graph(
        "refused",
        "ops",
        [rate('parley_frames_received_total{result!="ok"}', "type", "result"), "{{type}} {{result}}"],
        [rate("parley_frames_dropped_total"), "dropped"],
      ),
      graph("sent", "ops", [rate("parley_frames_sent_total", "type"), "{{type}}"]),
    ],
    Bytes: [
      graph("bytes", "Bps", [rate("parley_socket_bytes_total", "job", "direction"), "{{job}} {{direction}}"]),
      graph("waiting for clients", "bytes", [
        "sum by (job, instance) (parley_send_buffer_bytes)",
        "{{job}} {{instance}}",
      ]),
      graph("bytes a connection", "bytes", [
        "sum by (job) (process_resident_memory_bytes) / (sum by (job) (parley_connections) > 0)",
        "{{job}}",
      ]),
    ],
  },
};

const auth: Dashboard = {
  uid: "parley-auth",
  title: "Parley: auth",
  rows: {
    Calls: [
      graph("calls", "ops", [rate("parley_auth_calls_total", "call"), "{{call}}"]),
      graph("refusals and failures", "ops", [
        rate('parley_auth_calls_total{result!="ok"}', "call", "result"),
        "{{call}} {{result}}",
      ]),
      graph("time, p99", "s", [
        `histogram_quantile(0.99, ${rate("parley_auth_seconds_bucket", "le", "call")})`,
        "{{call}}",
      ]),
    ],
    Tokens: [
      graph("verifications", "ops", [rate("parley_token_checks_total", "job", "how"), "{{job}} {{how}}"]),
      graph("refused or not verified", "ops", [
        rate('parley_token_checks_total{result!="ok"}', "how", "result"),
        "{{how}} {{result}}",
      ]),
      graph("refresh tokens used twice", "ops", [rate("parley_refresh_reuse_total")]),
    ],
    Passwords: [
      graph("waiting to be hashed", "short", ["max by (instance) (parley_argon2_queue)", "{{instance}}"]),
    ],
  },
};

const shards: Dashboard = {
  uid: "parley-shards",
  title: "Parley: shards",
  choice: { label: "shard", metric: "parley_lease_held" },
  rows: {
    Shards: [
      graph("writers", "short", ['sum by (shard) (parley_lease_held{shard=~"$shard"})', "{{shard}}"]),
      graph("who writes", "short", ['parley_lease_held{shard=~"$shard"} == 1', "{{shard}} {{instance}}"]),
      graph("behind", "s", ['max by (shard) (parley_writer_lag_seconds{shard=~"$shard"})', "{{shard}}"]),
      graph("entries that are not stored", "short", [
        'max by (shard) (parley_log_backlog{shard=~"$shard"})',
        "{{shard}}",
      ]),
      graph("lanes that publish", "short", [
        'min by (shard) (parley_lane_open{shard=~"$shard"})',
        "{{shard}}",
      ]),
      graph("share of the log's limit", "percentunit", [
        'max by (shard) (parley_log_bytes_ratio{shard=~"$shard"})',
        "{{shard}}",
      ]),
      graph("current copies", "short", [
        'min by (shard) (parley_log_replicas_current{shard=~"$shard"})',
        "{{shard}}",
      ]),
    ],
  },
};

/** The dashboards by the name of their file. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  overview,
  "data-path": dataPath,
  sockets,
  auth,
  shards,
};
