import { createTestDatabase } from "@parley/devstack/test-database";
import { LogMessage } from "@parley/protocol/message";
import { PACK_ENTRIES_MAX } from "@parley/protocol/pack";
import { shardOf } from "@parley/protocol/rooms";
import { STORED_SUBJECT } from "@parley/protocol/subjects";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { Compile } from "typebox/compile";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHistory, type History } from "../delivery/postgres/history.ts";
import { answerStored } from "./nats/stored-responder.ts";
import {
  collectLive,
  entryText,
  type Instance,
  Sender,
  startInstance,
  startTestLog,
  type TestLog,
  until,
} from "./writers-fixture.ts";

const SHARDS = 2;

let log: TestLog;
let database: Database;
let history: History;
let sender: Sender;
let instance: Instance;
let live: Map<string, Map<number, string>>;
let dropDatabase: () => Promise<void>;

beforeAll(async () => {
  const made = await createTestDatabase();
  dropDatabase = made.drop;
  log = await startTestLog();
  database = openDatabase({ url: made.url, name: "test", connections: 4, deadlineMs: 5_000 });
  history = createHistory(database);
  sender = await Sender.connect(log.server.url, SHARDS);
  live = collectLive(sender.nats);
  instance = await startInstance({ nats: log.server.url, postgres: made.url }, SHARDS);
  await until("streams", () =>
    sender.lastSeqs().then(
      () => true,
      () => false,
    ),
  );
});

afterAll(async () => {
  await instance?.close();
  await sender?.nats.close();
  await database?.close();
  await log?.stop();
  await dropDatabase?.();
});

async function untilWritten(): Promise<void> {
  const seqs = await sender.lastSeqs();
  await until("written", () =>
    seqs.every((seq, shard) => (instance.writers.cursors().get(shard) ?? -1) >= seq),
  );
  await sender.nats.flush();
}

const idsIn = async (room: string) =>
  (await history.page(room, { after: 0, limit: 5_000 })).map(({ id }) => id);

describe("the writers", () => {
  it("number the entries of each room 1, 2, 3 …, with the same frames live as in history", async () => {
    for (let i = 0; i < 900; i += 1) sender.send({ room: `order-${i % 7}`, id: `m${i}` });
    await untilWritten();
    for (let room = 0; room < 7; room += 1) {
      const name = `order-${room}`;
      const expected = Array.from({ length: 900 }, (_, i) => i).filter((i) => i % 7 === room);
      const page = await history.page(name, { after: 0, limit: 5_000 });
      expect(page.map(({ seq }) => seq)).toEqual(expected.map((_, i) => i + 1));
      expect(page.map(({ id }) => id)).toEqual(expected.map((i) => `m${i}`));
      const frames = live.get(name) ?? new Map();
      expect(page.map(({ seq }) => JSON.parse(frames.get(seq)))).toEqual(page);
      expect((await history.replay(name, 0, 3, 10)).map((frame) => JSON.parse(frame))).toEqual(
        page.slice(0, 3),
      );
      expect(await history.heads([name, "nowhere"])).toEqual(new Map([[name, expected.length]]));
    }
  });

  it("store a message once, however often it is sent, in one batch or in many", async () => {
    for (let round = 0; round < 20; round += 1) {
      for (let i = 0; i < 10; i += 1) sender.send({ room: "again", id: `m${i}` });
      if (round % 5 === 0) await untilWritten();
    }
    sender.send({ room: "again", id: "m0", author: "somebody-else" });
    sender.send({ room: "again", id: "last" });
    await untilWritten();
    const ids = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m0", "last"];
    expect(await idsIn("again")).toEqual(ids);
    expect((await history.page("again", { after: 0, limit: 50 })).map(({ seq }) => seq)).toEqual(
      ids.map((_, i) => i + 1),
    );
    const entries = ["u1", "u2"].map((userId) => ({ room: "again", userId, id: "m3" }));
    expect(await history.findStored(entries)).toEqual([4, null]);
  });

  it("answer each receipt with the seq, also for a message that was stored before", async () => {
    const receipts: unknown[] = [];
    sender.nats.subscribe("receipt.test", {
      callback: (_error, msg) => {
        receipts.push(msg.json());
      },
    });
    const ask = (id: string) => sender.send({ room: "receipts", id, receipt: "receipt.test" });
    for (const id of ["a", "b", "a"]) ask(id);
    await untilWritten();
    ask("b");
    await untilWritten();
    await until("receipts", () => receipts.length === 4);
    const said = (id: string, seq: number) => ({ id, room: "receipts", seq });
    expect(receipts.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
      said("a", 1),
      said("a", 1),
      said("b", 2),
      said("b", 2),
    ]);
  });

  it("read messages that exceed the read-ahead in bytes", async () => {
    const body = "é".repeat(2_000);
    for (let i = 0; i < 2_500; i += 1) sender.send({ room: "large", id: `m${i}`, body });
    await untilWritten();
    expect(await idsIn("large")).toEqual(Array.from({ length: 2_500 }, (_, i) => `m${i}`));
    expect(live.get("large")?.size).toBe(2_500);
    // A pull request that ends because of its byte limit is no interruption.
    expect(instance.reports.filter((report) => report.includes("409"))).toEqual([]);
  });

  it("answer producers that ask whether a message is stored", async () => {
    sender.send({ room: "asked", id: "there" });
    await untilWritten();
    const stop = answerStored(sender.nats, history.findStored, () => undefined);
    const ask = async (ids: string[], reply: string, timeout = 20_000) => {
      const question = JSON.stringify({ entries: ids.map((id) => ({ room: "asked", userId: "u1", id })) });
      return (await sender.nats.request(STORED_SUBJECT, question, { timeout, noMux: true, reply })).json();
    };
    expect(await ask(["missing", "there"], "answer.1")).toEqual([null, 1]);
    await expect(
      ask(["there"], "live.asked", 500),
      "a reply subject outside answer. gets no answer",
    ).rejects.toThrow();
    stop();
  });

  it("page through history before, after and around a seq", async () => {
    for (let i = 1; i <= 9; i += 1) sender.send({ room: "pages", id: `m${i}` });
    await untilWritten();
    const seqs = async (query: object) =>
      (await history.page("pages", { limit: 3, ...query })).map(({ seq }) => seq);
    expect(await seqs({})).toEqual([7, 8, 9]);
    expect(await seqs({ before: 7 })).toEqual([4, 5, 6]);
    expect(await seqs({ after: 4 })).toEqual([5, 6, 7]);
    expect(await seqs({ around: 5 })).toEqual([4, 5, 6]);
  });
});

describe("a pack", () => {
  const packed = (room: string, id: string) => ({ payload: entryText({ room, id }) });
  /** Two rooms of one shard. */
  const [one, two] = Array.from({ length: 50 }, (_, i) => `packed-${i}`).filter(
    (room) => shardOf(room, SHARDS) === 0,
  ) as [string, string];

  it("is stored and delivered in the order of its lines, for any rooms", async () => {
    sender.sendPack(0, [packed(one, "a"), packed(two, "b"), packed(one, "c"), packed(two, "d")]);
    await untilWritten();
    expect(await idsIn(one)).toEqual(["a", "c"]);
    expect(await idsIn(two)).toEqual(["b", "d"]);
    await until("delivered", () => live.get(two)?.size === 2);
    expect([...(live.get(one)?.values() ?? [])].map((frame) => JSON.parse(frame).id)).toEqual(["a", "c"]);
  });

  it("adds no entry that is stored already, alone, in another pack or earlier in the same", async () => {
    const { duplicates } = instance.writers.counters;
    sender.send({ room: one, id: "e" });
    sender.sendPack(0, [packed(one, "a"), packed(one, "e"), packed(one, "f"), packed(one, "f")]);
    await untilWritten();
    expect(await idsIn(one)).toEqual(["a", "c", "e", "f"]);
    expect(instance.writers.counters.duplicates - duplicates).toBe(3);
  });

  it("is completed if parts of it were stored before, as after a crash between two parts", async () => {
    const refused = entryText({ room: one, id: "refused" }).replace("2026-", "0000-").replace("-21T", "-01T");
    const parts = [packed(one, "part-1"), { payload: refused }, packed(one, "part-2"), packed(one, "part-3")];
    const { deadLetters } = instance.writers.counters;
    sender.send({ room: one, id: "part-1" });
    sender.send({ room: one, id: "part-3" });
    await untilWritten();
    sender.sendPack(0, parts);
    await untilWritten();
    expect((await idsIn(one)).slice(-3)).toEqual(["part-1", "part-3", "part-2"]);
    expect(instance.writers.counters.deadLetters - deadLetters).toBe(1);
    expect(await database.query("delete from chat.dead_letters returning 1")).toHaveLength(1);
  });

  it("with more entries than allowed becomes one dead letter", async () => {
    sender.sendPack(0, Array(PACK_ENTRIES_MAX + 1).fill({ payload: "" }));
    sender.sendPack(0, Array(PACK_ENTRIES_MAX).fill(packed(two, "b")));
    await untilWritten();
    const dead = await database.query<{ reason: string }>("delete from chat.dead_letters returning reason");
    expect(dead).toEqual([{ reason: "a pack of 501 entries, more than 500" }]);
    expect(await idsIn(two)).toEqual(["b", "d"]);
  });

  it("answers the receipt of each entry that has one", async () => {
    const inbox = "receipt.packs";
    const receipts = new Map<string, unknown>();
    sender.nats.subscribe(`${inbox}.*`, {
      callback: (_error, msg) => void receipts.set(msg.subject, msg.json()),
    });
    const wanted = (id: string) => ({ ...packed(one, id), receiptTo: `${inbox}.${id}` });
    sender.sendPack(0, [wanted("g"), packed(one, "h"), wanted("a")]);
    await until("receipts are there", () => receipts.size === 2);
    expect(receipts.get(`${inbox}.g`)).toMatchObject({ id: "g", seq: 8 });
    expect(receipts.get(`${inbox}.a`)).toMatchObject({ id: "a", seq: 1 });
  });
});

describe("poison in the log", () => {
  const good = (id: string) => entryText({ room: "poison", id });
  const altered = (id: string, change: (entry: Record<string, unknown>) => object) =>
    JSON.stringify(change(JSON.parse(good(id))));
  const kinds: Record<string, string | Uint8Array> = {
    "no JSON": "{",
    "no UTF-8": Uint8Array.of(0x7b, 0xff, 0xfe),
    "no object": "[1]",
    "nothing at all": "",
    "another shape": '{"type":"message"}',
    "a NUL byte": altered("nul", (entry) => ({ ...entry, body: "a\0b" })),
    "a lone surrogate": altered("lone", (entry) => ({ ...entry, body: "a\ud800b" })),
    "a NUL in a name": altered("name", (entry) => ({ ...entry, author: { id: "u\0", username: "x" } })),
    "an author too long for the index": altered("long", (entry) => ({
      ...entry,
      author: { id: "x".repeat(9_000), username: "x" },
    })),
    "a room that is not the subject's": altered("room", (entry) => ({ ...entry, room: "other" })),
    "no time": altered("time", (entry) => ({ ...entry, at: "yesterday" })),
    "a time that only Postgres refuses": altered("zero", (entry) => ({
      ...entry,
      at: "0000-01-01T00:00:00.000Z",
    })),
    "one megabyte": "x".repeat(1_000_000),
  };

  it("becomes a dead letter with its reason, without affecting the entries around it", async () => {
    const restarts = instance.writers.counters.restarts;
    let i = 0;
    for (const payload of Object.values(kinds)) {
      sender.send({ room: "poison", id: "" }, good(`before-${i}`));
      sender.send({ room: "poison", id: "" }, payload);
      i += 1;
    }
    sender.send({ room: "poison", id: "" }, good("end"));
    await untilWritten();
    expect(await idsIn("poison")).toEqual([...Object.keys(kinds).map((_, n) => `before-${n}`), "end"]);
    const dead = await database.query<{ reason: string; payload: Buffer; subject: string }>(
      "select reason, payload, subject from chat.dead_letters order by log_seq",
    );
    expect(dead.map(({ payload }) => payload.toString("hex"))).toEqual(
      Object.values(kinds).map((payload) => Buffer.from(payload).toString("hex")),
    );
    expect(dead.every(({ subject }) => /^chat\.\d\.poison$/.test(subject))).toBe(true);
    expect(dead.filter(({ reason }) => reason.startsWith("Postgres: "))).toHaveLength(1);
    expect(instance.writers.counters.restarts).toBe(restarts);
  });

  it("becomes a dead letter out of a pack as well, each entry by itself", async () => {
    const { restarts, deadLetters } = instance.writers.counters;
    const shard = shardOf("poison", SHARDS);
    const lines = Object.values(kinds).filter((line) => typeof line === "string");
    const pack = lines.flatMap((line, n) => [good(`packed-${n}`), line]);
    sender.sendPack(
      shard,
      [...pack, good("packed-end")].map((payload) => ({ payload })),
    );
    await untilWritten();
    const stored = [...lines.map((_, n) => `packed-${n}`), "packed-end"];
    expect((await idsIn("poison")).slice(-stored.length)).toEqual(stored);
    // A pack may hold any room of its shard, so that one is poison only if its room belongs to another shard.
    const refused = lines.filter(
      (line) => !line.includes('"room":"other"') || shardOf("other", SHARDS) !== shard,
    );
    expect(instance.writers.counters.deadLetters - deadLetters).toBe(refused.length);
    expect(instance.writers.counters.restarts).toBe(restarts);
    const dead = await database.query<{ payload: Buffer; subject: string; log_seq: number }>(
      "select payload, subject, log_seq from chat.dead_letters where subject like '%._pack' order by id",
    );
    expect(dead.map(({ payload }) => payload.toString()).sort()).toEqual([...refused].sort());
    expect(new Set(dead.map(({ log_seq }) => log_seq)).size).toBe(1);
  });

  it("that is only unusual is stored, with the same frame live as in history", async () => {
    const at = "2026-11-21T12:00:00.000Z";
    const author = { id: "u1", username: "u1" };
    const odd = [
      JSON.stringify({ type: "message", room: "odd", id: "pretty", author, body: "x", at }, null, 2),
      JSON.stringify({
        seq: 99,
        type: "message",
        room: "odd",
        id: "extra",
        author,
        body: "x",
        at,
        more: [1],
      }),
      JSON.stringify({
        type: "message",
        room: "odd",
        id: "zone",
        author,
        body: "é\u2028",
        at: "2026-11-21T13:00+01:00",
      }),
      `{"type":"message","room":"odd","id":"twice","author":{"id":"u1","username":"u1"},"body":"a","at":"${at}","body":"b"}`,
      `{"type":"message","room":"odd","id":"float","author":{"id":"u1","username":"u1"},"body":"c","at":"${at}","replyTo":99.0}`,
    ];
    for (const payload of odd) sender.send({ room: "odd", id: "" }, payload);
    await untilWritten();
    const page = await history.page("odd", { after: 0, limit: 10 });
    expect(page.map(({ id }) => id)).toEqual(["pretty", "extra", "zone", "twice", "float"]);
    expect(page.map(({ seq }) => JSON.parse(live.get("odd")?.get(seq) ?? "null"))).toEqual(page);
    const schema = Compile(LogMessage);
    expect(page.every((frame) => schema.Check(frame))).toBe(true);
    expect(page.map(({ body }) => body)).toEqual(["x", "x", "é\u2028", "b", "c"]);
  });
  it("deleting a message clears its text and its optional content", async () => {
    const room = "optional";
    sender.send({ room, id: "p" });
    await untilWritten();
    await database.query(`update chat.entries set extra = '{"level":3,"a":[1]}' where room = $1`, [room]);
    const [shown] = await history.page(room, { after: 0, limit: 10 });
    expect(shown).toMatchObject({ seq: 1, level: 3, a: [1] });
    const author = { id: "u1", username: "u1" };
    const deletion = {
      type: "message_deleted",
      room,
      id: "d",
      author,
      at: "2026-11-29T12:00:00.000Z",
      target: 1,
    };
    sender.send({ room, id: "d" }, JSON.stringify(deletion));
    await untilWritten();
    const [gone] = await history.page(room, { after: 0, limit: 10 });
    expect(gone).toMatchObject({ seq: 1, body: "" });
    expect(gone).not.toHaveProperty("level");
  });
});
