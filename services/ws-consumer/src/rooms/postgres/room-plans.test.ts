import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { type Database, openDatabase, type Param } from "@parley/runtime/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHistory } from "../../delivery/postgres/history.ts";
import { type Lanes, openLanes, READ_SETTINGS } from "../../postgres/lanes.ts";
import { createIndexBatch } from "../../search/indexer.ts";
import { openSearchDatabase } from "../../search/postgres/search-database.ts";
import { createSearchIndex } from "../../search/postgres/search-index.ts";
import { createSearchQueue } from "../../search/postgres/search-queue.ts";
import { createSearch } from "../../search/search.ts";
import { createFindStanding, createRoomViews, createWhoMayRead } from "./room-views.ts";

const ROOMS = 2_000;
const MESSAGES = 100_000;

let made: TestDatabase;
let lanes: Lanes;
let reads: Database;
let finds: Database;
/** One connection with the settings of `reads`: prepared statements belong to a connection. */
let planner: Database;
/** Statements that were sent, with their parameters and database. */
let sent: { text: string; params: readonly Param[]; of: Database }[] = [];

/** Wraps a database to record its statements. */
const recording = (of: Database): Database => ({
  query: (text, params = []) => {
    sent.push({ text, params, of });
    return of.query(text, params);
  },
  close: () => of.close(),
});

beforeAll(async () => {
  made = await createTestDatabase();
  lanes = openLanes(made.url);
  reads = lanes.history;
  finds = openSearchDatabase(made.url);
  planner = openDatabase({
    url: made.url,
    name: "plan",
    connections: 1,
    deadlineMs: 60_000,
    settings: READ_SETTINGS,
  });
  const seed = [
    `insert into chat.rooms (id, kind, head, created_at, last_at, last_message, last_message_at)
     select 'room-' || r, 'channel', ${MESSAGES / ROOMS}, now(), now(), ${MESSAGES / ROOMS}, now() - r * interval '1 s'
     from generate_series(1, ${ROOMS}) r`,
    `insert into chat.entries (room, seq, log_seq, at, type, author_id, author_username, client_id, body, reply_to)
     select 'room-' || 1 + i % ${ROOMS}, 1 + i / ${ROOMS}, i, now() + i * interval '1 ms', 'message', 'u' || i % 97,
       'n' || i % 97, 'm' || i, 'word' || i % 5000 || ' common', case when i % 10 = 0 then 1 end
     from generate_series(0, ${MESSAGES - 1}) i`,
    `insert into chat.members (room, user_id, username, role, read_seq, changed)
     select 'room-' || 1 + (u * 17 + i * 23) % ${ROOMS}, 'u' || u, 'n' || u, 'member', 40, 1
     from generate_series(1, 500) u, generate_series(1, 20) i on conflict do nothing`,
    `insert into chat.reactions (room, seq, emoji, user_id, at)
     select room, seq, '👍', 'u1', at from chat.entries where log_seq % 5 = 0`,
    `insert into chat.search_queue (shard, room, first_seq, last_seq) select 0, id, 1, head from chat.rooms`,
  ];
  for (const text of seed) await reads.query(text, [], 60_000);
  const index = createIndexBatch(createSearchQueue(finds, "english"), () => [0]);
  while (await index(MESSAGES));
  await reads.query("analyze");
});
afterAll(async () => {
  await lanes?.close();
  await finds?.close();
  await planner?.close();
  await made?.drop();
});

const literalOf = (param: Param) =>
  typeof param === "string" ? `'${param.replaceAll("'", "''")}'` : String(param);

/** Explains a statement as its pool plans it: as a prepared statement where the pool has generic plans. */
async function planOf({ text, params, of }: (typeof sent)[number]): Promise<string> {
  const explain = async (database: Database, statement: string, values: readonly Param[] = []) => {
    const rows = await database.query<{ "QUERY PLAN": string }>(`explain ${statement}`, values);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };
  if (of !== reads) return explain(of, text, params);
  await planner.query(`prepare asked as ${text}`);
  const plan = await explain(planner, `execute asked(${params.map(literalOf)})`);
  await planner.query("deallocate asked");
  return plan;
}

/** Explains every statement that `ask` sends. */
async function plansOf(ask: () => Promise<unknown>): Promise<string[]> {
  sent = [];
  await ask();
  const asked = sent.filter(({ text }) => !text.startsWith("explain"));
  const plans: string[] = [];
  for (const one of asked) plans.push(await planOf(one));
  return plans;
}

describe("query plans", () => {
  const views = () => createRoomViews(recording(reads));
  const history = () => createHistory(recording(reads));
  const search = (words: string, room?: string) =>
    createSearch(createSearchIndex(recording(finds), "english"))("u7", words, 20, room);
  it.each<[string, () => Promise<unknown>]>([
    ["the inbox", () => views().inbox("u7", 50)],
    ["unread counts", () => views().unread("u7")],
    ["one room", () => views().room("u7", "room-7")],
    ["its members", () => views().members("room-7", 50)],
    ["the newest page", () => history().pageFor("u7", "room-7", { limit: 50 })],
    ["a page around a seq", () => history().pageFor("u7", "room-7", { limit: 50, around: 20 })],
    ["a replay", () => history().replay("room-7", 10, 50, 40)],
    ["a look-up of a message", () => history().findStored([{ room: "room-7", userId: "u7", id: "m7" }])],
    ["rights", () => createFindStanding(recording(reads))("u7", "room-7")],
    ["listeners' rights", () => createWhoMayRead(recording(reads))("G00000000000000000000000000", ["u7"])],
    ["a search for a rare word", () => search("word77")],
    ["a search for a common word", () => search("common")],
    ["a search in one room", () => search("common", "room-7")],
  ])("%s: reads every table by an index", async (_what, ask) => {
    const plans = await plansOf(ask);
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) expect(plan).not.toMatch(/Seq Scan/);
  });

  it("a search looks up a rare word, and scans by time for a common one", async () => {
    expect((await plansOf(() => search("word77"))).at(-1)).toMatch(
      /Bitmap Index Scan on search_index_\d_tokens_idx/,
    );
    expect((await plansOf(() => search("common"))).at(-1)).toMatch(
      /Index Scan Backward using search_index_\d_at_idx/,
    );
    const found = (await search("common")).map(({ at }) => at);
    expect(found).toHaveLength(20);
    expect(found).toEqual(found.toSorted().reverse());
  });
});
