import { afterAll, beforeAll, expect, test } from "vitest";
import { Backlog } from "./backlog.ts";
import { LogFixture, until } from "./log-fixture.ts";

const ENTRIES_MAX = 300;

let fixture: LogFixture;
beforeAll(async () => {
  fixture = await LogFixture.start();
});
afterAll(() => fixture.stop());

/** Publishes a cursor as the writer of shard 1 does. */
const publishCursor = (cursor: unknown) =>
  fixture.nats.publish("progress.1", JSON.stringify({ shard: 1, cursor }));
const acknowledge = (backlog: Backlog, seq: number, times: number, duplicate = false) => {
  for (let i = 0; i < times; i += 1) backlog.acknowledged({ shard: 1, logSeq: seq, duplicate, at: "" });
};

test("the backlog is the number of entries that the log has and the writer has not stored", async () => {
  const backlog = new Backlog(fixture.nats, 2, ENTRIES_MAX, () => undefined);
  acknowledge(backlog, 11, 150);
  acknowledge(backlog, 12, 50);
  // No writer has published a cursor.
  expect(backlog.of(1)).toBe(0);
  publishCursor(10);
  await until(() => expect(backlog.of(1)).toBe(200));
  expect(() => backlog.check(1)).not.toThrow();
  // Messages of other producers, which are assumed to hold as many entries.
  acknowledge(backlog, 14, 100);
  expect(backlog.of(1)).toBe(400);
  expect(() => backlog.check(1)).toThrow("too many messages are waiting to be stored");
  expect(() => backlog.check(0)).not.toThrow();
  publishCursor(13);
  await until(() => expect(backlog.of(1)).toBe(100));
  publishCursor("nonsense");
  publishCursor(14);
  await until(() => expect(backlog.of(1)).toBe(0));
});

test("a cursor that arrives before the acknowledgement leaves no backlog", async () => {
  const backlog = new Backlog(fixture.nats, 2, ENTRIES_MAX, () => undefined);
  publishCursor(29);
  await until(() => {
    acknowledge(backlog, 30, 1);
    expect(backlog.of(1)).toBeGreaterThan(0);
  });
  publishCursor(31);
  await until(() => expect(backlog.of(1)).toBe(0));
  acknowledge(backlog, 31, 200);
  expect(backlog.of(1)).toBe(0);
  expect(() => backlog.check(1)).not.toThrow();
  acknowledge(backlog, 32, 100);
  expect(backlog.of(1)).toBe(100);
});

test("duplicates do not make the backlog longer", async () => {
  const backlog = new Backlog(fixture.nats, 2, ENTRIES_MAX, () => undefined);
  publishCursor(20);
  await until(() => {
    acknowledge(backlog, 21, 1);
    expect(backlog.of(1)).toBeGreaterThan(0);
  });
  const before = backlog.of(1);
  acknowledge(backlog, 21, 10_000, true);
  acknowledge(backlog, 5, 10_000, true);
  expect(backlog.of(1)).toBe(before);
});
