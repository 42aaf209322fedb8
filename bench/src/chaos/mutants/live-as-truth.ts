import type { Mutant } from "./mutant.ts";

/** A live message that got lost on its way is never read from Postgres. */
export const liveAsTruth: Mutant = {
  name: "live-as-truth",
  breaks: "live messages are the truth: a lost one is not repaired",
  patches: [
    {
      file: "services/ws-consumer/src/application/hub.ts",
      search: "    if (feed.isRepairing) return;\n",
      replacement: '    if (feed.isRepairing || feed.room !== "") return;\n',
    },
  ],
  kinds: ["cut consumer-nats", "cut consumer-nats", "kill nats", "slow consumer-nats"],
  durationS: 20,
  shows: ["missing"],
};
