import { StorageType } from "@nats-io/jetstream";
import { createTestDatabase } from "@parley/devstack/test-database";
import { shardOf } from "@parley/protocol/rooms";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Hub } from "../delivery/hub.ts";
import { createHistory } from "../delivery/postgres/history.ts";
import { trimStream } from "./nats/shard-stream.ts";
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
const ROOMS = Array.from({ length: 8 }, (_, i) => `shared-${i}`);

/** Subscribes a listener to all rooms at one instance; returns its hub and the frames that it receives. */
async function listenAt({ here }: Instance): Promise<{ hub: Hub; received: string[] }> {
  const { heads, replay } = createHistory(database);
  const hub = new Hub({
    readHeads: heads,
    readFrames: (room, after, upTo) => replay(room, after, upTo, upTo - after),
    encode: (frames) => Buffer.from(frames.join("\n")),
    sent: {},
    onFault: () => undefined,
    now: () => performance.now(),
  });
  here.add((room, first, frames) => hub.deliver(room, first, frames));
  const received: string[] = [];
  const write = (packet: Buffer) => void received.push(...packet.toString().split("\n"));
  const listener = { isOpen: true, userId: "u", write, writeEphemeral: write, whenRead: async () => {} };
  for (const room of ROOMS) (await hub.feed(room)).live.add(listener);
  return { hub, received };
}

/** The seqs received of one room, in the order of arrival. */
const seqsOf = (room: string, received: readonly string[]) =>
  received
    .map((frame) => JSON.parse(frame) as { room: string; seq: number })
    .filter((frame) => frame.room === room)
    .map(({ seq }) => seq);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const written = ({ writers }: Instance) => [...writers.cursors().keys()].toSorted();

describe("several instances", () => {
  it("divide the shards, and take over within a second when one closes", async () => {
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

  it("deliver what they store to their own listeners, and by NATS to those of others: once, in order", async () => {
    const one = await start("one");
    one.here.add(() => {
      throw new Error("a listener with a fault");
    });
    await until("one has all", () => written(one).length === SHARDS);
    await sender.untilStreams();
    const atOne = await listenAt(one);
    const say = (id: string) => ROOMS.forEach((room) => void sender.send({ room, id }));
    for (let i = 0; i < 20; i += 1) say(`alone-${i}`);
    await until("received at one", () => atOne.received.length === 20 * ROOMS.length);
    expect(one.live.stats(), "frames are published, and not echoed").toMatchObject({ inMsgs: 0 });
    expect(one.live.stats().outMsgs).toBeGreaterThanOrEqual(ROOMS.length);

    const two = await start("two");
    await until("shared", () => written(one).length === 2 && written(two).length === 2);
    const atTwo = await listenAt(two);
    const roomsOfPackets: string[] = [];
    one.live.subscribe("live.*", { callback: (_error, { subject }) => void roomsOfPackets.push(subject) });
    for (let i = 0; i < 20; i += 1) say(`shared-${i}`);
    await until("received at one", () => atOne.received.length === 40 * ROOMS.length);
    await until("received at two", () => atTwo.received.length === 20 * ROOMS.length);
    for (const room of ROOMS) {
      expect(seqsOf(room, atOne.received)).toEqual(upTo(40));
      expect(seqsOf(room, atTwo.received)).toEqual(upTo(40).slice(20));
    }
    const ofTwo = ROOMS.filter((room) => written(two).includes(shardOf(room, SHARDS)));
    expect(ofTwo).not.toEqual([]);
    expect([...new Set(roomsOfPackets)].toSorted()).toEqual(ofTwo.map((room) => `live.${room}`));
    expect([atOne, atTwo].map(({ hub }) => hub.counters.repaired)).toEqual([0, 0]);
    expect(one.reports.some((report) => report.includes("a listener with a fault"))).toBe(true);
    await one.close();
    await two.close();
  });

  it("refuse another number of shards, with a readable error", async () => {
    const urls = { nats: log.server.url, postgres: url };
    await expect(startInstance(urls, 8)).rejects.toThrow(
      "LOG_SHARDS is 8, but this database was made for 4: it cannot be changed",
    );
  });
});

describe("the log", () => {
  const ages = (keepMs: number) => ({ keepMs, leastMs: 0 });

  it("is trimmed of old stored entries, and keeps the one at the cursor", async () => {
    const { jsm } = sender;
    const before = (await jsm.streams.info("CHAT_0")).state;
    const cursor = before.last_seq - 5;
    const streamCreated = String((await jsm.streams.info("CHAT_0")).created);
    const position = { shard: 0, epoch: 1, cursor, cursorTime: null, streamCreated };
    await trimStream(jsm, position, ages(600_000));
    expect((await jsm.streams.info("CHAT_0")).state.first_seq).toBe(before.first_seq);
    await trimStream(jsm, { ...position, streamCreated: "another" }, ages(0));
    expect((await jsm.streams.info("CHAT_0")).state.first_seq).toBe(before.first_seq);
    await trimStream(jsm, position, ages(0));
    expect((await jsm.streams.info("CHAT_0")).state).toMatchObject({
      first_seq: cursor,
      last_seq: before.last_seq,
    });
  });

  it("keeps stored entries that are younger than the limit", async () => {
    const { jsm } = sender;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { created, state } = await jsm.streams.info("CHAT_1");
    const room = ["a", "b", "c", "d", "e", "f", "g", "h"].find((name) => shardOf(name, SHARDS) === 1) ?? "";
    sender.send({ room, id: "young" });
    const last = (await sender.lastSeqs())[1] ?? 0;
    const position = { shard: 1, epoch: 1, cursor: last, cursorTime: null, streamCreated: String(created) };
    await trimStream(jsm, position, ages(200));
    expect((await jsm.streams.info("CHAT_1")).state.first_seq).toBe(state.last_seq + 1);
  });

  it("is trimmed sooner, part by part, when it is more than half full", async () => {
    const { jsm } = sender;
    const config = { name: "CHAT_9", subjects: ["crowded"], max_bytes: 100_000 };
    const { created } = await jsm.streams.add({ ...config, storage: StorageType.File });
    for (let n = 0; n < 100; n += 1) sender.nats.publish("crowded", new Uint8Array(600));
    const infoOf = async () => (await jsm.streams.info("CHAT_9")).state;
    await until("all are there", async () => (await infoOf()).messages === 100);
    const position = { shard: 9, epoch: 1, cursor: 90, cursorTime: null, streamCreated: String(created) };
    expect(await trimStream(jsm, position, { keepMs: 600_000, leastMs: 500_000 })).toBe(false);
    expect(await trimStream(jsm, position, ages(600_000))).toBe(true);
    expect((await infoOf()).first_seq).toBe(24);
    // Half of the bytes are left by now, so the rest is kept.
    expect(await trimStream(jsm, position, ages(600_000))).toBe(false);
    expect((await infoOf()).first_seq).toBe(24);
    await jsm.streams.delete("CHAT_9");
  });
});
