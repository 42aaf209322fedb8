import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** A live message that got lost on its way is never read from Postgres. */
export const liveAsTruth: Mutant = {
  name: "live-as-truth",
  breaks: "live messages are the truth: a lost one is not repaired",
  patches: [
    {
      file: "services/ws-consumer/src/delivery/hub.ts",
      search: "    if (feed.known <= feed.head) return Promise.resolve();\n",
      replacement: '    if (feed.known <= feed.head || feed.room !== "") return Promise.resolve();\n',
    },
  ],
  script: repeatScript(4, 3_000, [["cut consumer-nats", 2_000, 500]]),
  shows: ["missing"],
};
