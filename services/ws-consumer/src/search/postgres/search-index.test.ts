import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createSearch, openSearchDatabase } from "./search-index.ts";

let made: TestDatabase;
let database: Database;
let finds: Database;

beforeAll(async () => {
  made = await createTestDatabase();
  database = openDatabase({ url: made.url, name: "test", connections: 2, deadlineMs: 5_000 });
  finds = openSearchDatabase(made.url);
});
afterAll(async () => {
  await database?.close();
  await finds?.close();
  await made?.drop();
});

/** 600 batches of ten messages each, none of which is indexed. */
beforeEach(async () => {
  const seed = [
    "truncate chat.words, chat.unindexed, chat.entries",
    `insert into chat.entries (room, seq, log_seq, at, type, author_id, author_username, client_id, body)
     select 'general', i, i, now() + i * interval '1 ms', 'message', 'u1', 'ada', 'm' || i, 'word' || i
     from generate_series(1, 6000) i`,
    `insert into chat.unindexed (room, first_seq, last_seq)
     select 'general', i * 10 + 1, i * 10 + 10 from generate_series(0, 599) i`,
  ];
  for (const text of seed) await database.query(text, []);
});

const indexed = async () => {
  const [row] = await database.query<{ count: number }>("select count(*)::int as count from chat.words", []);
  return row?.count;
};

it("indexing takes the oldest messages up to its limit, and reports whether more are queued", async () => {
  const { index } = createSearch(finds, "simple");
  expect(await index(95)).toBe(true);
  expect(await indexed()).toBe(100);
  const [last] = await database.query<{ seq: number }>("select max(seq)::int as seq from chat.words", []);
  expect(last?.seq).toBe(100);
  // 200 rows of the queue are taken, however high the limit is.
  expect(await index(100_000)).toBe(true);
  expect(await indexed()).toBe(2_100);
  while (await index(100_000));
  expect(await indexed()).toBe(6_000);
  expect(await index(100_000)).toBe(false);
});

it("a batch above the limit is indexed alone", async () => {
  await database.query("delete from chat.unindexed where last_seq > 20", []);
  const { index } = createSearch(finds, "simple");
  expect(await index(1)).toBe(true);
  expect(await indexed()).toBe(10);
  expect(await index(1)).toBe(false);
  expect(await indexed()).toBe(20);
});
