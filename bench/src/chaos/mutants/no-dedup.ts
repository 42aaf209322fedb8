import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** Neither the producer, the log nor the database recognises a message that comes again. */
export const noDedup: Mutant = {
  name: "no-dedup",
  breaks: "nobody looks for duplicates",
  patches: [
    {
      file: "services/ws-producer/src/adapters/log/log-wire.ts",
      search: '  return header("Nats-Msg-Id", id);\n',
      replacement: '  return id && "";\n',
    },
    {
      file: "services/ws-producer/src/adapters/log/shard-lane.ts",
      search: "    if (isKnown && this.#isOpen) return this.#repeat();\n",
      replacement: "",
    },
  ],
  statements: [
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `drop index chat.entries_${n}_key`),
    // What `stored` is answered by.
    "create index on chat.entries (chat.entry_key(room, author_id, type, client_id))",
  ],
  script: repeatScript(4, 2_000, [
    ["repeat clients", 2_000, 500],
    ["cut producer-nats", 3_000, 200],
  ]),
  shows: ["duplicated"],
};
