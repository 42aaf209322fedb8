import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createIndexBatch } from "../indexer.ts";
import { createSearch } from "../search.ts";
import { openSearchDatabase } from "./search-database.ts";
import { createSearchIndex } from "./search-index.ts";
import { createSearchQueue } from "./search-queue.ts";

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
beforeEach(async () => {
  await database.query(
    "truncate chat.search_index, chat.search_queue, chat.entries, chat.rooms, chat.members",
    [],
  );
});

const index = (messagesMax: number) =>
  createIndexBatch(createSearchQueue(finds, "english"), () => [0])(messagesMax);
const find = async (query: string, room?: string, language = "english") => {
  const found = await createSearch(createSearchIndex(finds, language))("u1", query, 50, room);
  return found.map(({ body }) => body);
};
const enqueue = (room: string, first: number, last: number) =>
  database.query("insert into chat.search_queue (shard, room, first_seq, last_seq) values (0, $1, $2, $3)", [
    room,
    first,
    last,
  ]);
const count = async (table: "search_index" | "search_queue") => {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::int as count from chat.${table}`,
    [],
  );
  return row?.count;
};

/** Stores messages in a room, as the writer does, and puts them into the queue. */
async function store(bodies: readonly string[], room = "general"): Promise<void> {
  const kind = room.startsWith("G") ? "group" : "channel";
  await database.query(
    `insert into chat.rooms (id, kind, head, created_at, last_at) values ($1, $2, $3, now(), now())`,
    [room, kind, bodies.length],
  );
  await database.query(
    `insert into chat.entries (room, seq, log_seq, at, type, author_id, author_username, client_id, body)
     select $1, n, n, now() + n * interval '1 ms', 'message', 'u1', 'ada', 'm' || n, body
     from json_array_elements_text($2::text::json) with ordinality as b (body, n)`,
    [room, JSON.stringify(bodies)],
  );
  await enqueue(room, 1, bodies.length);
}
const edit = async (seq: number, body: string) => {
  await database.query("update chat.entries set body = $1, edited_at = now() where seq = $2", [body, seq]);
  await enqueue("general", seq, seq);
};
const erase = async (seq: number) => {
  await database.query("update chat.entries set body = '', deleted_at = now() where seq = $1", [seq]);
  await enqueue("general", seq, seq);
};

describe("indexing", () => {
  beforeEach(async () => {
    await store(Array.from({ length: 6_000 }, (_, i) => `word${i + 1}`));
    await database.query("truncate chat.search_queue", []);
    await database.query(
      `insert into chat.search_queue (shard, room, first_seq, last_seq)
       select 0, 'general', i * 10 + 1, i * 10 + 10 from generate_series(0, 599) i`,
      [],
    );
  });

  it("takes so many messages at once, the newest rows first, and says whether more wait", async () => {
    expect(await index(95)).toBe(true);
    expect(await count("search_index")).toBe(95);
    const [first] = await database.query<{ seq: number }>(
      "select min(seq)::int as seq from chat.search_index",
      [],
    );
    expect(first?.seq).toBe(5_901);
    // 200 rows are looked at, however many messages may be indexed; the first is the half of one that is left.
    expect(await index(100_000)).toBe(true);
    expect(await count("search_index")).toBe(95 + 5 + 199 * 10);
    while (await index(100_000));
    expect(await count("search_index")).toBe(6_000);
    expect(await count("search_queue")).toBe(0);
    expect(await index(100_000)).toBe(false);
  });

  it("takes a long range in parts", async () => {
    await database.query("truncate chat.search_queue", []);
    await enqueue("general", 1, 6_000);
    for (const indexed of [2_500, 5_000]) {
      expect(await index(2_500)).toBe(true);
      expect(await count("search_index")).toBe(indexed);
      expect(await count("search_queue")).toBe(1);
    }
    expect(await index(2_500)).toBe(false);
    expect(await count("search_index")).toBe(6_000);
    expect(await count("search_queue")).toBe(0);
  });

  it("takes the rows of its own shards only", async () => {
    const other = createIndexBatch(createSearchQueue(finds, "english"), () => [1, 2]);
    expect(await other(100)).toBe(false);
    expect(await createIndexBatch(createSearchQueue(finds, "english"), () => [])(100)).toBe(false);
    expect(await count("search_queue")).toBe(600);
  });
});

it("what was indexed for a newer row of the queue stays, whichever statement ends last", async () => {
  await store(["first text"]);
  const queue = createSearchQueue(finds, "simple");
  const slow = await queue.read([0], 10);
  await erase(1);
  while (await index(10));
  await queue.store({ ...slow, messages: slow.messages.map((each) => ({ ...each, tokens: "first text" })) });
  const rows = await database.query<{ tokens: string }>(
    "select tokens::text as tokens from chat.search_index",
    [],
  );
  expect(rows).toEqual([{ tokens: "" }]);
});

const MESSAGES = [
  "see www.google.co.uk/qwerty4 for it",
  "ticket PLT-3699 is done",
  "the report.pdf is attached",
  "中文測試很重要",
  "ภาษาไทยไม่มีช่องว่าง",
  "カタカナとひらがな",
  "Zoë said café".normalize("NFD"),
  "party 🎉 tonight",
  "We are running with xylophones",
  "the quick brown fox",
];

/** Each state in which messages are searched: waiting in the queue, and indexed. */
describe.each(["queued", "indexed"])("search among %s messages", (state) => {
  beforeEach(async () => {
    await store(MESSAGES);
    if (state === "indexed") while (await index(100));
  });

  it.each([
    ["qwerty4", 0],
    ["google", 0],
    ["www.google.co.uk/qwerty4", 0],
    ["3699", 1],
    ["plt-3699", 1],
    ["report", 2],
    ["report.pdf", 2],
    ["中文", 3],
    ["很重要", 3],
    ["測", 3],
    ["要", 3],
    ["ภาษา", 4],
    ["ไทย", 4],
    ["ひらがな", 5],
    ["ｶﾀｶﾅ", 5],
    ["zoë", 6],
    ["CAFÉ".normalize("NFC"), 6],
    ["🎉", 7],
    ["xylophone run", 8],
    ['"brown fox"', 9],
    ["fox or nothing", 9],
  ])("finds %s", async (query, which) => {
    const wanted = [MESSAGES[which]];
    expect(await find(query)).toEqual(wanted);
    expect(await find(query, "general")).toEqual(wanted);
  });

  it.each([
    "👍",
    "the",
    "--",
    "-fox",
    "the -fox",
    "!!",
    "文中",
    '"fox brown"',
    "owerty",
    "369",
    "of or -fox",
  ])("finds nothing for %s, in one room and in all", async (query) => {
    expect(await find(query)).toEqual([]);
    expect(await find(query, "general")).toEqual([]);
  });

  it("goes by what a message says now, and leaves out what is deleted", async () => {
    await edit(10, "a slow violin");
    expect(await find("fox")).toEqual([]);
    expect(await find("violin")).toEqual(["a slow violin"]);
    await erase(3);
    expect(await find("report")).toEqual([]);
    if (state === "indexed") while (await index(100));
    expect([await find("fox"), await find("report")]).toEqual([[], []]);
    expect(await find("violin", "general")).toEqual(["a slow violin"]);
  });

  it("finds in private rooms what is said there for their members only", async () => {
    await store(["a secret fox"], "G0000000000000000000000000A");
    if (state === "indexed") while (await index(100));
    expect(await find("fox")).toEqual([MESSAGES[9]]);
    await database.query(
      `insert into chat.members (room, user_id, username, role, changed)
       values ('G0000000000000000000000000A', 'u1', 'ada', 'member', 1)`,
      [],
    );
    expect(await find("fox")).toEqual(expect.arrayContaining(["a secret fox", MESSAGES[9]]));
  });
});
