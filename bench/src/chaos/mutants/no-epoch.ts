import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** A writer that was stopped for longer than its lease goes on where it was, beside the new one. */
export const noEpoch: Mutant = {
  name: "no-epoch",
  breaks: "nothing fences a writer that lost its lease",
  patches: [
    {
      file: "services/ws-consumer/src/writing/postgres/write-statement.ts",
      search: "  where s.shard = p.shard and s.epoch = p.epoch and s.cursor = p.cursor\n",
      replacement: "  where s.shard = p.shard\n",
    },
    {
      file: "services/ws-consumer/src/writing/write-shard.ts",
      search: "  if (stored.epoch !== epoch)\n",
      replacement: "  if (epoch < 0)\n",
    },
    {
      file: "services/ws-consumer/src/writing/run-writers.ts",
      search: "      if (holder !== instance) void this.writers.get(shard)?.stop();\n",
      replacement: '      if (holder === "") void this.writers.get(shard)?.stop();\n',
    },
  ],
  script: repeatScript(4, 8_000, [["fence ws-consumer", 2_000, 6_500]]),
  shows: ["unfenced"],
};
