import { createTestDatabase } from "@parley/devstack/test-database";
import { shardOf } from "@parley/protocol/rooms";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trimStream } from "./adapters/nats/stream-keeper.ts";
import { createHistory } from "./adapters/postgres/history.ts";
import {
  type Instance,
  Sender,
  startInstance,
  startTestLog,
  type TestLog,
  until,
} from "./writers-fixture.ts";

const SHARDS = 4;

let log: TestLog;
let url: string;
let database: Database;
let sender: Sender;
let dropDatabase: () => Promise<void>;

beforeAll(async () => {
  const made = await createTestDatabase();
  ({ url, drop: dropDatabase } = made);
  log = await startTestLog();
  database = openDatabase({ url, name: "test", connections: 2, deadlineMs: 5_000 });
  sender = await Sender.connect(log.server.url, SHARDS);
});

afterAll(async () => {
  await sender?.nats.close();
  await database?.close();
  await log?.stop();
  await dropDatabase?.();
});

const start = (instance: string) =>
  startInstance({ nats: log.server.url, postgres: url }, SHARDS, { instance });
const written = ({ writers }: Instance) => [...writers.cursors().keys()].toSorted();

describe("several instances", () => {
  it("share the shards, and take over within a second when one closes", async () => {
    const one = await start("one");
    await until("one has all", () => written(one).length === SHARDS);
    await sender.untilStreams();
    const two = await start("two");
    const three = await start("three");
    const all = () => [one, two, three].flatMap(written).toSorted();
    const shares = () => [one, two, three].map((instance) => written(instance).length).toSorted();
    await until("shared 1, 1, 2", () => `${shares()}` === "1,1,2" && `${all()}` === "0,1,2,3");
    let count = 0;
    const sending = setInterval(() => {
      for (let room = 0; room < 8; room += 1) sender.send({ room: `room-${room}`, id: `m${count}` });
      count += 1;
    }, 5);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = performance.now();
    await one.close();
    await until("handed over", () => `${[two, three].flatMap(written).toSorted()}` === "0,1,2,3");
    const tookMs = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 200));
    await two.close();
    await until("handed over again", () => written(three).length === SHARDS);
    clearInterval(sending);
    const seqs = await sender.lastSeqs();
    await until("written", () => seqs.every((seq, shard) => three.writers.cursors().get(shard) === seq));
    const history = createHistory(database);
    for (let room = 0; room < 8; room += 1) {
      const page = await history.page(`room-${room}`, { after: 0, limit: 5_000 });
      expect(page.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, i) => `m${i}`));
    }
    expect(three.writers.counters.duplicates).toBe(0);
    await three.close();
    expect(tookMs).toBeLessThan(1_000);
  });

  it("refuse another number of shards, in words", async () => {
    const urls = { nats: log.server.url, postgres: url };
    await expect(startInstance(urls, 8)).rejects.toThrow(
      "LOG_SHARDS is 8, but this database was made for 4: it cannot be changed",
    );
  });
});

describe("the log", () => {
  it("is trimmed up to what is stored and old, and keeps the entry at the cursor", async () => {
    const { jsm } = sender;
    const before = (await jsm.streams.info("CHAT_0")).state;
    const cursor = before.last_seq - 5;
    const streamCreated = String((await jsm.streams.info("CHAT_0")).created);
    const position = { shard: 0, epoch: 1, cursor, cursorTime: null, streamCreated };
    await trimStream(jsm, position, 600_000);
    expect((await jsm.streams.info("CHAT_0")).state.first_seq).toBe(before.first_seq);
    await trimStream(jsm, { ...position, streamCreated: "another" }, 0);
    expect((await jsm.streams.info("CHAT_0")).state.first_seq).toBe(before.first_seq);
    await trimStream(jsm, position, 0);
    expect((await jsm.streams.info("CHAT_0")).state).toMatchObject({
      first_seq: cursor,
      last_seq: before.last_seq,
    });
  });

  it("keeps what is stored but still young", async () => {
    const { jsm } = sender;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { created, state } = await jsm.streams.info("CHAT_1");
    const room = ["a", "b", "c", "d", "e", "f", "g", "h"].find((name) => shardOf(name, SHARDS) === 1) ?? "";
    sender.send({ room, id: "young" });
    const last = (await sender.lastSeqs())[1] ?? 0;
    const position = { shard: 1, epoch: 1, cursor: last, cursorTime: null, streamCreated: String(created) };
    await trimStream(jsm, position, 200);
    expect((await jsm.streams.info("CHAT_1")).state.first_seq).toBe(state.last_seq + 1);
  });
});
