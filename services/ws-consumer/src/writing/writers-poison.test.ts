import { headers } from "@nats-io/transport-node";
import { createRandom, type Random } from "@parley/devstack/random";
import { RECEIPT_HEADER } from "@parley/protocol/log";
import { PACK_ROOM } from "@parley/protocol/pack";
import { shardOf } from "@parley/protocol/rooms";
import { afterAll, expect, it } from "vitest";
import { entryText, startWriting, until } from "./writers-fixture.ts";

const SHARDS = 2;
const MALFORMED = 500;

const writing = await startWriting(SHARDS);
afterAll(() => writing.close());
const { database, sender, instance } = writing;

const AT = "2026-11-21T12:00:00.123Z";
/** Values in the place of a field, or of the whole entry. */
const ODD: readonly unknown[] = [
  null,
  -1,
  0,
  1e308,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  "",
  "\0",
  "\\u0000",
  "\ud800",
  "\u202e",
  "x".repeat(5_000),
  "🦊".repeat(200),
  "2026-13-45T99:99:99Z",
  "+275760-09-13T00:00:00.000Z",
  "0000-01-01T00:00:00.000Z",
  "'; drop table chat.entries; --",
  [],
  {},
  { id: "u", username: "u".repeat(3_000) },
  { id: "\0", username: "u" },
  { __proto__: null, toString: 1 },
];
const TYPES = [
  "message",
  "reaction",
  "message_edited",
  "message_deleted",
  "member_joined",
  "room_updated",
  "nothing",
];
const FIELDS = [
  "type",
  "room",
  "id",
  "author",
  "body",
  "at",
  "replyTo",
  "target",
  "emoji",
  "remove",
  "user",
  "role",
  "title",
];
/** Header values: one that is no JSON escape, but was taken for one, stopped a shard for ever. */
const HEADERS = [
  "\\u0000",
  "\\\\u0000",
  '"',
  "{}",
  "x".repeat(2_000),
  "\t",
  "ü",
  "receipt.> x",
  "live.general",
];

/** Makes one payload that is most likely not valid. */
function malformed({ next: random, pick }: Random, room: string): string | Uint8Array {
  const entry: Record<string, unknown> = {
    type: pick(TYPES),
    room,
    id: `bad-${random()}`,
    author: { id: "u1", username: "u1" },
    body: "text",
    at: AT,
  };
  const text = () => JSON.stringify(entry);
  switch (Math.floor(random() * 8)) {
    case 0:
      return Uint8Array.from({ length: 200 }, () => Math.floor(random() * 256));
    case 1:
      return text().slice(0, Math.floor(random() * text().length));
    case 2:
      return `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    case 3:
      return `${text().slice(0, -1)},"deep":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`;
    case 4:
      return `\n\n${text()}\n${"{}\n".repeat(Math.floor(random() * 600))}`;
    case 5:
      return JSON.stringify(pick(ODD)) ?? "undefined";
    case 6:
      return text().replace('"u1"', pick(['"\\ud800"', '"\\u0000"', "1e999", '{"__proto__":1}']));
    default:
      for (let i = 0; i < 2; i += 1) entry[pick(FIELDS)] = pick(ODD);
      return text();
  }
}

it(`B: ${MALFORMED} malformed entries with odd headers, between good ones, stop no shard: each is a dead letter with a log line`, async () => {
  const random = createRandom(20_261_122);
  const good = Array.from({ length: MALFORMED }, (_, i) => ({ room: `room-${i % 5}`, id: `good-${i}` }));
  for (const [i, draft] of good.entries()) {
    sender.send(draft);
    const extra = headers();
    for (let n = 0; n < 3; n += 1)
      extra.append(random.pick(["Odd", "__proto__", RECEIPT_HEADER, "Nats-Other"]), random.pick(HEADERS));
    const room = random.next() < 0.2 ? PACK_ROOM : draft.room;
    const subject = `chat.${shardOf(draft.room, SHARDS)}.${room}`;
    sender.nats.publish(subject, malformed(random, draft.room), { headers: extra });
    if (i % 50 === 0) await sender.nats.flush();
  }
  const stored = async () => {
    const rows = await database.query<{ id: string }>(
      "select client_id as id from chat.entries where client_id like 'good-%'",
    );
    return rows.length;
  };
  await until("all good ones are stored", async () => (await stored()) === good.length, 25_000);
  await until("everything is done", async () => {
    const ends = await Promise.all(
      [0, 1].map(async (shard) => (await sender.jsm.streams.info(`CHAT_${shard}`)).state.last_seq),
    );
    return ends.every((end, shard) => instance.writers.cursors().get(shard) === end);
  });
  expect(instance.reports.filter((line) => line.includes("writing was interrupted"))).toEqual([]);
  expect(instance.writers.counters.restarts).toBe(0);
  const [dead] = await database.query<{ count: number }>(
    "select count(*)::int as count from chat.dead_letters",
  );
  expect(dead?.count).toBeGreaterThan(MALFORMED / 2);
  const lines = instance.reports.filter((line) => line.startsWith("error: a log entry became a dead letter"));
  expect(lines).toHaveLength(dead?.count ?? 0);
  expect(instance.writers.counters.deadLetters).toBe(dead?.count);
}, 60_000);

it("B: what Postgres refuses is logged with SQLSTATE and constraint, and without its text", async () => {
  await database.query(
    "alter table chat.entries add constraint entries_no_secret check (body <> 'a secret')",
  );
  sender.send({ room: "refused", id: "m1" }, entryText({ room: "refused", id: "m1", body: "a secret" }));
  sender.send({ room: "refused", id: "m2" });
  const isLogged = () => instance.reports.some((line) => line.includes("entries_no_secret"));
  await until("the refusal is logged", isLogged);
  const line = instance.reports.find((one) => one.includes("entries_no_secret"));
  expect(line).toContain('"sqlstate":"23514"');
  expect(line).not.toContain("a secret");
  // It may be in a batch of its own, after the one that was refused.
  const rows = () => database.query("select client_id as id, seq from chat.entries where room = 'refused'");
  await until("the entry behind it is stored", async () => (await rows()).length > 0);
  expect(await rows()).toEqual([{ id: "m2", seq: 1 }]);
  await database.query("alter table chat.entries drop constraint entries_no_secret");
});

it("a damaged database makes no dead letter of what was acknowledged: the shard stops, and goes on when it is mended", async () => {
  sender.send({ room: "damaged", id: "m1" });
  const inRoom = () => database.query("select seq from chat.entries where room = 'damaged' order by seq");
  await until("stored", async () => (await inRoom()).length === 1);
  const { deadLetters } = instance.writers.counters;
  await database.query("update chat.rooms set head = 0 where id = 'damaged'");
  sender.send({ room: "damaged", id: "m2" });
  await until("interrupted", () => instance.reports.some((line) => line.includes("writing was interrupted")));
  await until("not ready", () => {
    try {
      instance.writers.check();
      return false;
    } catch (error) {
      return String(error).includes("duplicate key");
    }
  });
  await database.query("update chat.rooms set head = 1 where id = 'damaged'");
  await until("stored", async () => (await inRoom()).length === 2);
  expect(instance.writers.counters.deadLetters).toBe(deadLetters);
});
