import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** A crash between the two statements skips a batch for ever. */
export const cursorApart: Mutant = {
  name: "cursor-apart",
  breaks: "the writer moves the cursor in a statement of its own",
  patches: [
    {
      file: "services/ws-consumer/src/writing/postgres/postgres-shard-store.ts",
      search: '      crashPoint("writer-before-write");\n',
      replacement: `      const [ahead] = await database.query(
        "update chat.shards set cursor = $4, cursor_time = $5 where shard = $1 and epoch = $2 and cursor = $3 returning 1",
        [shard, epoch, cursor, batch.cursor, batch.cursorTime],
      );
      if (ahead === undefined) throw new FencedError("fenced");
      position = { ...position, cursor: batch.cursor };
`,
    },
  ],
  script: [
    ...repeatScript(16, 700, [["cut consumer-postgres", 2_000, 50]]),
    ["kill ws-consumer", 14_000, 100],
    ["kill postgres", 18_000, 100],
  ],
  shows: ["lost"],
};
