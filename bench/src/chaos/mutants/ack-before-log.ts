import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** What is acknowledged is only in the memory of the producer. */
export const ackBeforeLog: Mutant = {
  name: "ack-before-log",
  breaks: "the producer acknowledges before the log has it",
  patches: [
    {
      file: "services/ws-producer/src/adapters/log/shard-lane.ts",
      search: "    return pending.outcome.promise;\n  }\n\n  /** Starts publishing",
      replacement: `    pending.outcome.promise.catch(() => undefined);
    return Promise.resolve({ seq: 0, shard: this.shard, duplicate: false });
  }

  /** Starts publishing`,
    },
  ],
  script: repeatScript(3, 7_000, [
    ["stop nats", 2_000, 1_500],
    ["kill ws-producer", 2_700, 100],
  ]),
  shows: ["lost"],
};
