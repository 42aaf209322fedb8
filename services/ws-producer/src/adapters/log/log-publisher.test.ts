import { streamOf } from "@parley/protocol/log";
import { PACK_ENTRIES_MAX, PACK_ROOM } from "@parley/protocol/pack";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AT, appendMany, entryOf, LogFixture, until, WAIT_DEADLINE_MS } from "./log-fixture.ts";
import { PENDING_BYTES_MAX, PENDING_ENTRIES_MAX, type Published } from "./pending-entries.ts";

let fixture: LogFixture;
beforeAll(async () => {
  fixture = await LogFixture.start();
});
afterEach(() => fixture.clear());
afterAll(() => fixture.stop());

const seqsOf = (published: readonly Published[]) => published.map(({ logSeq }) => logSeq);
const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, i) => first + i);
const ids = (prefix: string, count: number, first = 0) => upTo(count, first).map((i) => `${prefix}${i}`);
const isDuplicate = ({ duplicate }: Published) => duplicate;

test("a single entry is published to its room's subject, under its key", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const entry = entryOf("alone");
  expect(await publisher.publish(entry)).toEqual({ logSeq: 1, shard: 0, duplicate: false, at: AT });
  const message = await fixture.jsm.streams.getMessage(streamOf(0), { seq: 1 });
  expect(message?.subject).toBe("chat.0.general");
  expect(message?.header.get("Nats-Msg-Id")).toBe(entry.key);
  expect(message?.string()).toBe(entry.payload);
  expect(publisher.counters).toMatchObject({ published: 1, packEntries: { sum: 1 }, retries: 0 });
});

test("entries that are pending together go in packs, in the order of the calls, and resolve with the sequence of their pack", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const count = PACK_ENTRIES_MAX + 100;
  const published = await appendMany(publisher, "k", count);
  expect(seqsOf(published)).toEqual([...Array(PACK_ENTRIES_MAX).fill(1), ...Array(100).fill(2)]);
  expect(published.some(isDuplicate)).toBe(false);
  expect(await fixture.idsIn(0)).toEqual([ids("k", PACK_ENTRIES_MAX), ids("k", 100, PACK_ENTRIES_MAX)]);
  const message = await fixture.jsm.streams.getMessage(streamOf(0), { seq: 1 });
  expect(message?.subject).toBe(`chat.0.${PACK_ROOM}`);
  expect(publisher.counters).toMatchObject({ published: count, retries: 0 });
  const { counts, sum } = publisher.counters.packEntries;
  expect([counts.reduce((all, some) => all + some, 0), sum]).toEqual([2, count]);
  expect(publisher.pending()).toBe(0);
});

test("a pack has a limit in bytes", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const entries = ids("k", 10).map((id) => ({
    ...entryOf(id),
    payload: JSON.stringify({ id, text: "é".repeat(30_000) }),
  }));
  await Promise.all(entries.map(publisher.publish));
  const sizes = (await fixture.idsIn(0)).map((pack) => pack.length);
  expect(sizes).toEqual([4, 4, 2]);
});

test("rooms are spread over the shards, and an entry carries its receipt subject, alone or in a pack", async () => {
  await fixture.makeLog(4);
  const publisher = fixture.publisher(4);
  const rooms = upTo(40).map((i) => `room-${i}`);
  const receiptTo = "receipt.me.1";
  const alone = await publisher.publish({ ...entryOf("alone", "room-0"), receiptTo });
  const single = await fixture.jsm.streams.getMessage(streamOf(alone.shard), { seq: 1 });
  expect(single?.header.get("Parley-Receipt")).toBe(receiptTo);
  const published = await Promise.all(
    rooms.map((room) => publisher.publish({ ...entryOf(`in-${room}`, room), receiptTo })),
  );
  expect(new Set(published.map(({ shard }) => shard)).size).toBe(4);
  for (const [i, { shard, logSeq: seq }] of published.entries()) {
    const pack = await fixture.jsm.streams.getMessage(streamOf(shard), { seq });
    expect(pack?.string().split("\n")).toContain(`${receiptTo} ${entryOf(`in-${rooms[i]}`).payload}`);
  }
});

test("an id that was acknowledged before is a duplicate, and is not published again", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await appendMany(publisher, "k", 3);
  const published = await appendMany(publisher, "k", 100);
  expect(published.map(isDuplicate)).toEqual([...Array(3).fill(true), ...Array(97).fill(false)]);
  expect((await fixture.idsIn(0)).flat()).toEqual(ids("k", 100));
  expect(publisher.counters).toMatchObject({ published: 103, duplicates: 3, retries: 0 });
});

test("an id that another process published is stored once, and not a duplicate for the process that repeats it", async () => {
  await fixture.makeLog(1);
  const [earlier] = await appendMany(fixture.publisher(1), "k", 1);
  const publisher = fixture.publisher(1);
  expect(await appendMany(publisher, "k", 1)).toEqual([{ ...earlier, duplicate: false }]);
  expect(await fixture.idsIn(0)).toEqual([["k0"]]);
  expect(publisher.counters).toMatchObject({ published: 1, duplicates: 0 });
});

test("a duplicate resolves with the time at which the id was first accepted", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await publisher.publish(entryOf("k", "general", AT));
  const later = entryOf("k", "general", "2026-11-29T13:00:00.000Z");
  expect(await publisher.publish(later)).toEqual({ logSeq: 1, shard: 0, duplicate: true, at: AT });
});

test("acknowledged ids are forgotten with their stream: a new stream gets them again", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await appendMany(publisher, "k", 20);
  await fixture.jsm.streams.delete(streamOf(0));
  await fixture.makeLog(1);
  // The first answer of the new stream has a sequence already used, so the publisher checks the log.
  await publisher.publish(entryOf("new"));
  const published = await appendMany(publisher, "k", 20);
  expect(published.some(isDuplicate)).toBe(false);
  expect((await fixture.idsIn(0)).flat()).toEqual(["new", ...ids("k", 20)]);
});

test("a second call with a pending key publishes nothing, and is a duplicate", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  const both = await Promise.all([publisher.publish(entryOf("same")), publisher.publish(entryOf("same"))]);
  expect(both).toEqual([
    { logSeq: 1, shard: 0, duplicate: false, at: AT },
    { logSeq: 1, shard: 0, duplicate: true, at: AT },
  ]);
  expect(publisher.counters.published).toBe(1);
});

test("while the log is full entries are refused as overloaded, and accepted again once it has room", async () => {
  await fixture.makeLog(1, { max_bytes: 20_000 });
  const publisher = fixture.publisher(1);
  const outcomes = await Promise.allSettled(upTo(3_000).map((i) => publisher.publish(entryOf(`k${i}`))));
  const refused = outcomes.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "overloaded", retryAfterMs: 5_000 });
  // A pack is refused as a whole, so there may be room for some of its entries.
  let filled = 0;
  const fill = () => publisher.publish(entryOf(`fill${filled++}`));
  await until(() =>
    fill().then(
      () => false,
      (error) => error.code === "overloaded",
    ),
  );
  await fixture.jsm.streams.purge(streamOf(0));
  await expect(fill()).resolves.toMatchObject({ duplicate: false, at: AT });
});

test("pending entries are limited in number and in bytes", async () => {
  const publisher = fixture.publisher(1);
  const first: Promise<unknown>[] = upTo(PENDING_ENTRIES_MAX).map((i) => publisher.publish(entryOf(`k${i}`)));
  const outcomes = Promise.allSettled(first);
  const refusal = { code: "overloaded", retryAfterMs: 1_000 };
  await expect(publisher.publish(entryOf("too-many"))).rejects.toMatchObject(refusal);
  expect(publisher.pending()).toBe(PENDING_ENTRIES_MAX);
  const other = fixture.publisher(1);
  const payload = "x".repeat(60_000);
  const large = upTo(Math.ceil(PENDING_BYTES_MAX / payload.length)).map((i) =>
    other.publish({ room: "general", key: `k${i}`, payload, at: AT }),
  );
  const largeOutcomes = Promise.allSettled(large);
  await expect(large.at(-1)).rejects.toMatchObject(refusal);
  await expect(
    other.publish({ room: "general", key: "k", payload: payload.repeat(2), at: AT }),
  ).rejects.toMatchObject({
    code: "too_large",
  });
  await fixture.clear();
  const rejected = [...(await outcomes), ...(await largeOutcomes).slice(0, -1)];
  expect(rejected.every((one) => one.status === "rejected" && one.reason.code === "unavailable")).toBe(true);
}, 30_000);

test("an entry whose client is gone is dropped, unless another client waits for the same key", async () => {
  const publisher = fixture.publisher(1);
  const gone = publisher.publish({ ...entryOf("gone"), isGone: () => true });
  const wanted = publisher.publish({ ...entryOf("wanted"), isGone: () => true });
  const again = publisher.publish({ ...entryOf("wanted"), isGone: () => false });
  await expect(gone).rejects.toMatchObject({ code: "unavailable" });
  await fixture.makeLog(1);
  expect(await wanted).toEqual({ logSeq: 1, shard: 0, duplicate: false, at: AT });
  expect(await again).toEqual({ logSeq: 1, shard: 0, duplicate: true, at: AT });
  expect(await fixture.idsIn(0)).toEqual([["wanted"]]);
});

test("close waits for pending entries and refuses new ones", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1, { closeDeadlineMs: WAIT_DEADLINE_MS });
  const pending = appendMany(publisher, "k", 50);
  const closed = publisher.close();
  await expect(publisher.publish(entryOf("late"))).rejects.toMatchObject({ code: "unavailable" });
  await closed;
  expect(seqsOf(await pending)).toEqual(Array(50).fill(1));
});

test("close rejects what the log has not taken by the deadline", async () => {
  const publisher = fixture.publisher(1, { closeDeadlineMs: 50 });
  const outcomes = Promise.allSettled([publisher.publish(entryOf("a")), publisher.publish(entryOf("b"))]);
  await publisher.close();
  expect(publisher.pending()).toBe(0);
  const reason = expect.objectContaining({ code: "unavailable", retryAfterMs: 1_000 });
  expect(await outcomes).toEqual(Array(2).fill({ status: "rejected", reason }));
});

test("a key that could break out of its header, or an entry that could break out of its line, is refused", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await expect(publisher.publish({ ...entryOf("k"), key: "k\r\nNats-Rollup: all" })).rejects.toThrow(
    "not printable",
  );
  await expect(publisher.publish({ ...entryOf("k"), payload: "{}\n{}" })).rejects.toThrow("one line");
  expect(publisher.pending()).toBe(0);
});
