import type { NatsConnection } from "@nats-io/transport-node";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StoredReceipts } from "./stored-receipts.ts";

const WAITING = 10_000;

let dataDir: string;
let server: NatsServer;
let nats: NatsConnection;
let consumer: NatsConnection;
let receipts: StoredReceipts;
let faults: string[];
/** Requests that the consumer got, by their number of entries. */
let asked: number[];

beforeEach(async () => {
  dataDir = await makeTempDir("receipts");
  server = await startNats({ dataDir });
  const log = createLog("receipts", "silent");
  nats = await connectNats({ url: server.url, name: "producer", log });
  consumer = await connectNats({ url: server.url, name: "consumer", log });
  faults = [];
  asked = [];
  receipts = new StoredReceipts(nats, 2, (error, what) => faults.push(`${what}: ${error}`));
  await nats.flush();
});
afterEach(async () => {
  receipts.close();
  await consumer.close();
  await nats.close();
  await server.stop();
  await removeDataDir(dataDir);
  expect(faults).toEqual([]);
});

/** Answers as a consumer whose Postgres has entries `m1` to `m<stored()>`. */
function answerQuestions(stored: () => number): void {
  consumer.subscribe("stored.ask", {
    callback: (_error, message) => {
      const { entries } = message.json<{ entries: { id: string }[] }>();
      asked.push(entries.length);
      const answers = entries.map(({ id }) => (Number(id.slice(1)) <= stored() ? Number(id.slice(1)) : null));
      message.respond(JSON.stringify(answers));
    },
  });
}

const awaitSeq = (
  n: number,
  options: { isGone?: () => boolean; duplicate?: boolean; subject?: string } = {},
) =>
  receipts.wait(
    options.subject ?? receipts.open(),
    {
      id: `m${n}`,
      room: "room",
      author: { id: "u1", username: "u1" },
      shard: 0,
      logSeq: n,
      duplicate: options.duplicate ?? false,
    },
    options.isGone ?? (() => false),
  );
const progress = (cursor: number) => consumer.publish("progress.0", JSON.stringify({ shard: 0, cursor }));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("A: thousands of receipts that wait while Postgres is away ask nothing, and cost next to nothing", async () => {
  let stored = 0;
  answerQuestions(() => stored);
  const seqs = Array.from({ length: WAITING }, (_, i) => awaitSeq(i + 1));
  const before = process.cpuUsage();
  for (let i = 0; i < 12; i += 1) {
    progress(0);
    await pause(250);
  }
  const { user, system } = process.cpuUsage(before);
  expect(asked).toEqual([]);
  expect((user + system) / 1_000, "CPU in 3 s, ms").toBeLessThan(600);
  // All receipts are lost: NATS was away when Postgres came back.
  stored = WAITING;
  progress(WAITING);
  const began = performance.now();
  expect(await Promise.all(seqs)).toEqual(Array.from({ length: WAITING }, (_, i) => i + 1));
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(asked.length).toBe(WAITING / 500);
});

it("a receipt resolves, also one that comes before the log's acknowledgement, and without a question", async () => {
  answerQuestions(() => 0);
  const early = receipts.open();
  consumer.publish(early, JSON.stringify({ seq: 7 }));
  await consumer.flush();
  await pause(50);
  expect(await awaitSeq(1, { subject: early })).toBe(7);
  const subject = receipts.open();
  const late = awaitSeq(2, { subject });
  consumer.publish(subject, JSON.stringify({ seq: 8 }));
  expect(await late).toBe(8);
  const reaction = receipts.open();
  const refused = awaitSeq(3, { subject: reaction });
  consumer.publish(reaction, JSON.stringify({ code: "message_not_found" }));
  await expect(refused).rejects.toMatchObject({ code: "message_not_found" });
  progress(10);
  await pause(600);
  expect(asked).toEqual([]);
});

it("a repeated id is asked for at once; one that is never stored does not keep the others waiting", async () => {
  answerQuestions(() => 2_000);
  progress(5_000);
  await consumer.flush();
  await pause(50);
  const began = performance.now();
  expect(await awaitSeq(5, { duplicate: true })).toBe(5);
  expect(performance.now() - began).toBeLessThan(400);
  let isGone = false;
  const never = Promise.allSettled(
    Array.from({ length: 600 }, (_, i) => awaitSeq(3_000 + i, { isGone: () => isGone })),
  );
  await pause(1_000);
  expect(await awaitSeq(6, { duplicate: true })).toBe(6);
  isGone = true;
  for (const { status } of await never) expect(status).toBe("rejected");
});
