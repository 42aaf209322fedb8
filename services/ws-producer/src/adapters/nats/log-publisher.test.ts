import { streamOf } from "@parley/protocol/log";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Published } from "../../application/publish-message.ts";
import { appendMany, entryOf, LogFixture, until } from "./log-fixture.ts";
import { PENDING_BYTES_MAX, PENDING_ENTRIES_MAX } from "./pending-entries.ts";
import { BATCH_ENTRIES_MAX, SINGLES_MAX } from "./shard-lane.ts";

let fixture: LogFixture;
beforeAll(async () => {
  fixture = await LogFixture.start();
});
afterEach(() => fixture.clear());
afterAll(() => fixture.stop());

const seqsOf = (published: readonly Published[]) => published.map(({ seq }) => seq);
const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, i) => first + i);

test("a few entries go out singly, in the order of the calls", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const published = await appendMany(publisher, "k", SINGLES_MAX);
  expect(seqsOf(published)).toEqual(upTo(SINGLES_MAX));
  expect(published.every(({ duplicate, shard }) => !duplicate && shard === 0)).toBe(true);
  expect(await fixture.keysIn(0)).toEqual(upTo(SINGLES_MAX, 0).map((i) => `k${i}`));
  expect(publisher.counters).toMatchObject({ published: SINGLES_MAX, batches: 0, retries: 0 });
});

test("many entries go out in atomic batches, and each is told its own sequence", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const count = BATCH_ENTRIES_MAX + 100;
  const published = await appendMany(publisher, "k", count);
  expect(seqsOf(published)).toEqual(upTo(count));
  expect(await fixture.keysIn(0)).toEqual(upTo(count, 0).map((i) => `k${i}`));
  expect(publisher.counters).toMatchObject({ published: count, batches: 2, batched: count, retries: 0 });
  expect(publisher.pending()).toBe(0);
});

test("rooms are spread over the shards, and a receipt subject travels with the entry", async () => {
  await fixture.makeLog(4);
  const publisher = fixture.publisher(4);
  const rooms = upTo(40).map((i) => `room-${i}`);
  const published = await Promise.all(
    rooms.map((room) => publisher.publish({ ...entryOf(`k-${room}`, room), receiptTo: "receipt.me.1" })),
  );
  expect(new Set(published.map(({ shard }) => shard)).size).toBe(4);
  for (const [i, { shard, seq }] of published.entries()) {
    const entry = await fixture.jsm.streams.getMessage(streamOf(shard), { seq });
    expect(entry?.subject).toBe(`chat.${shard}.${rooms[i]}`);
    expect(entry?.header.get("Parley-Receipt")).toBe("receipt.me.1");
  }
});

test("an id that was acknowledged lately goes out beside the batch, so that the batch is not refused", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const [earlier] = await appendMany(publisher, "k", 1);
  const published = await appendMany(publisher, "k", 100);
  expect(published[0]).toEqual({ ...earlier, duplicate: true });
  expect(published.filter(({ duplicate }) => duplicate)).toHaveLength(1);
  expect(seqsOf(published)).toEqual(upTo(100));
  expect(await fixture.keysIn(0)).toEqual(upTo(100, 0).map((i) => `k${i}`));
  expect(publisher.counters).toMatchObject({ duplicates: 1, batches: 1, batched: 99, retries: 0 });
});

test("a batch with an id that another producer published is taken apart: each entry is stored once", async () => {
  await fixture.makeLog(1);
  const [earlier] = await appendMany(fixture.publisher(1), "k", 1);
  const publisher = fixture.publisher(1);
  const published = await appendMany(publisher, "k", 200);
  expect(published[0]).toEqual({ ...earlier, duplicate: true });
  expect(published.filter(({ duplicate }) => duplicate)).toHaveLength(1);
  expect(seqsOf(published)).toEqual(upTo(200));
  expect(await fixture.keysIn(0)).toEqual(upTo(200, 0).map((i) => `k${i}`));
  expect(publisher.counters).toMatchObject({ duplicates: 1, batches: 0, retries: 200 });
});

test("a batch of which every id is known is acknowledged whole, as duplicates", async () => {
  await fixture.makeLog(1);
  const earlier = await appendMany(fixture.publisher(1), "k", 60);
  for (const publisher of [fixture.publisher(1), fixture.publisher(1)])
    for (let times = 0; times < 2; times += 1)
      expect(await appendMany(publisher, "k", 60)).toEqual(
        earlier.map((one) => ({ ...one, duplicate: true })),
      );
  expect(await fixture.keysIn(0)).toHaveLength(60);
});

test("what is known of ids does not outlive the stream: one that was made anew gets them again", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await appendMany(publisher, "k", 20);
  await fixture.jsm.streams.delete(streamOf(0));
  await fixture.makeLog(1);
  const published = await appendMany(publisher, "k", 20);
  expect(published.every(({ duplicate }) => !duplicate)).toBe(true);
  expect(await fixture.keysIn(0)).toHaveLength(20);
});

test("two calls with one key in flight are one publish, and the second is the duplicate", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const both = await Promise.all([publisher.publish(entryOf("same")), publisher.publish(entryOf("same"))]);
  expect(both).toEqual([
    { seq: 1, shard: 0, duplicate: false },
    { seq: 1, shard: 0, duplicate: true },
  ]);
  expect(publisher.counters.published).toBe(1);
});

test("a full log is overloaded, and takes entries again once there is room", async () => {
  await fixture.makeLog(1, { max_bytes: 20_000 });
  const publisher = fixture.publisher(1);
  const outcomes = await Promise.allSettled(upTo(400).map((i) => publisher.publish(entryOf(`k${i}`))));
  const refused = outcomes.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "overloaded", retryAfterMs: 5_000 });
  // A batch is refused as a whole, so there may be room for some of its entries.
  let filled = 0;
  const fill = () => publisher.publish(entryOf(`fill${filled++}`));
  await until(() =>
    fill().then(
      () => false,
      (error) => error.code === "overloaded",
    ),
  );
  await fixture.jsm.streams.purge(streamOf(0));
  await expect(fill()).resolves.toMatchObject({ duplicate: false });
});

test("what waits for the log is limited in entries and in bytes", async () => {
  const publisher = fixture.publisher(1);
  const settled: Promise<unknown>[] = upTo(PENDING_ENTRIES_MAX).map((i) =>
    publisher.publish(entryOf(`k${i}`)),
  );
  const outcomes = Promise.allSettled(settled);
  const refusal = { code: "overloaded", retryAfterMs: 1_000 };
  await expect(publisher.publish(entryOf("too-many"))).rejects.toMatchObject(refusal);
  expect(publisher.pending()).toBe(PENDING_ENTRIES_MAX);
  const other = fixture.publisher(1);
  const payload = "x".repeat(60_000);
  const large = upTo(Math.ceil(PENDING_BYTES_MAX / payload.length)).map((i) =>
    other.publish({ room: "general", key: `k${i}`, payload }),
  );
  const largeOutcomes = Promise.allSettled(large);
  await expect(large.at(-1)).rejects.toMatchObject(refusal);
  await expect(
    other.publish({ room: "general", key: "k", payload: payload.repeat(2) }),
  ).rejects.toMatchObject({
    code: "too_large",
  });
  await fixture.clear();
  const given = [...(await outcomes), ...(await largeOutcomes).slice(0, -1)];
  expect(given.every((one) => one.status === "rejected" && one.reason.code === "unavailable")).toBe(true);
}, 30_000);

test("an entry for whom nobody waits any more is dropped, unless another caller waits for the same key", async () => {
  const publisher = fixture.publisher(1);
  const gone = publisher.publish({ ...entryOf("gone"), isGone: () => true });
  const wanted = publisher.publish({ ...entryOf("wanted"), isGone: () => true });
  const again = publisher.publish({ ...entryOf("wanted"), isGone: () => false });
  await expect(gone).rejects.toMatchObject({ code: "unavailable" });
  await fixture.makeLog(1);
  expect(await wanted).toEqual({ seq: 1, shard: 0, duplicate: false });
  expect(await again).toEqual({ seq: 1, shard: 0, duplicate: true });
  expect(await fixture.keysIn(0)).toEqual(["wanted"]);
});

test("closing waits for what is pending and takes nothing new", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const pending = appendMany(publisher, "k", 50);
  const closed = publisher.close();
  await expect(publisher.publish(entryOf("late"))).rejects.toMatchObject({ code: "unavailable" });
  await closed;
  expect(seqsOf(await pending)).toEqual(upTo(50));
});

test("a key that could end its header is a fault of the caller", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await expect(publisher.publish(entryOf("k\r\nNats-Rollup: all"))).rejects.toThrow("not printable");
  expect(publisher.pending()).toBe(0);
});
