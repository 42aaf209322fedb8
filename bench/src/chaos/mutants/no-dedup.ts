import { repeatScript } from "../schedule.ts";
import type { Mutant } from "./mutant.ts";

/** Neither the log nor the database recognises a message that comes again. */
export const noDedup: Mutant = {
  name: "no-dedup",
  breaks: "nobody looks for duplicates",
  patches: [
    {
      file: "services/ws-producer/src/adapters/nats/log-wire.ts",
      search: '  head.append("Nats-Msg-Id", entry.key);\n',
      replacement: "",
    },
    {
      file: "services/ws-consumer/src/adapters/postgres/write-statement.ts",
      search: "  select *, known_seq is null as is_new from found\n",
      replacement: "  select *, true as is_new from found\n",
    },
  ],
  statements: [
    `do $$ declare name text; begin
      for name in select conname from pg_constraint where conrelid = 'chat.entries'::regclass and contype = 'u' loop
        execute format('alter table chat.entries drop constraint %I', name);
      end loop;
    end $$`,
    // What the key was looked up by, or the writer would not keep up.
    "create index on chat.entries (room, author_id, client_id, type)",
  ],
  script: repeatScript(4, 2_000, [
    ["repeat clients", 2_000, 500],
    ["cut producer-nats", 3_000, 200],
  ]),
  shows: ["duplicated"],
};
