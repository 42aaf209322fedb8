import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** As a work queue is used: who is given an entry acknowledges it, and the log forgets it and its id. */
export const workqueue: Mutant = {
  name: "workqueue",
  breaks: "the log has WorkQueue retention: what was delivered is gone from it",
  patches: [
    {
      file: "packages/protocol/src/log.ts",
      search: "    retention: RetentionPolicy.Limits,",
      replacement: "    retention: RetentionPolicy.Workqueue,",
    },
    {
      file: "packages/protocol/src/log.ts",
      search: "    config.retention === RetentionPolicy.Limits,",
      replacement: "    config.retention === RetentionPolicy.Workqueue,",
    },
    {
      file: "services/ws-consumer/src/writing/nats/log-reading.ts",
      search: "    ack_policy: AckPolicy.None,",
      replacement: "    ack_policy: AckPolicy.Explicit,\n    max_ack_pending: -1,",
    },
    {
      file: "services/ws-consumer/src/writing/nats/log-reading.ts",
      search: "    deliver_policy: DeliverPolicy.StartSequence,\n    opt_start_seq: cursor + 1,",
      replacement: "    deliver_policy: cursor < 0 ? DeliverPolicy.New : DeliverPolicy.All,",
    },
    {
      // A queue has one consumer: the next writer waits until the server has forgotten the last one's.
      file: "services/ws-consumer/src/writing/nats/log-reading.ts",
      search: "const IDLE_MAX_MS = 30_000;",
      replacement: "const IDLE_MAX_MS = 1_000;",
    },
    {
      file: "services/ws-consumer/src/writing/nats/log-reading.ts",
      search: "    this.#nextDelivery += 1;\n",
      replacement: '    this.#nextDelivery += 1;\n    this.#parts.nats.publish(reply, "+ACK");\n',
    },
  ],
  script: [
    ...repeatScript(6, 1_500, [["cut consumer-postgres", 2_000, 300]]),
    ["kill ws-consumer", 12_000, 100],
  ],
  shows: ["lost"],
};
