import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** A writer that was stopped for longer than its lease goes on where it was, beside the new one. */
export const noEpoch: Mutant = {
  name: "no-epoch",
  breaks: "nothing fences a writer that lost its lease",
  patches: [
    {
      file: "services/ws-consumer/src/adapters/postgres/write-statement.ts",
      search: "  where shard = $1 and epoch = $2 and cursor = $3\n  returning shard",
      replacement: "  where shard = $1 and ($2::bigint, $3::bigint) is not null\n  returning shard",
    },
    {
      file: "services/ws-consumer/src/application/write-shard.ts",
      search: "  if (stored.epoch !== epoch)\n",
      replacement: "  if (epoch < 0)\n",
    },
    {
      file: "services/ws-consumer/src/application/run-writers.ts",
      search: "      if (holder !== instance) void this.writers.get(shard)?.stop();\n",
      replacement: '      if (holder === "") void this.writers.get(shard)?.stop();\n',
    },
  ],
  script: repeatScript(4, 8_000, [["fence ws-consumer", 2_000, 6_500]]),
  shows: ["unfenced"],
};
