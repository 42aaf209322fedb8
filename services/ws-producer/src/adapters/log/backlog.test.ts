import { afterAll, beforeAll, expect, test } from "vitest";
import { Backlog } from "./backlog.ts";
import { LogFixture, until } from "./log-fixture.ts";

const MOST = 300;

let fixture: LogFixture;
beforeAll(async () => {
  fixture = await LogFixture.start();
});
afterAll(() => fixture.stop());

/** A writer that says how far it has come in shard 1. */
const tell = (cursor: unknown) => fixture.nats.publish("progress.1", JSON.stringify({ shard: 1, cursor }));
const acknowledge = (backlog: Backlog, seq: number, times: number, duplicate = false) => {
  for (let i = 0; i < times; i += 1) backlog.acknowledged({ shard: 1, seq, duplicate, at: "" });
};

test("counts the entries of the log's messages that a writer has not stored, as far as it knows of them", async () => {
  const backlog = new Backlog(fixture.nats, 2, MOST);
  acknowledge(backlog, 11, 150);
  acknowledge(backlog, 12, 50);
  // No writer has told anything.
  expect(backlog.of(1)).toBe(0);
  tell(10);
  await until(() => expect(backlog.of(1)).toBe(200));
  expect(() => backlog.check(1)).not.toThrow();
  // Messages of other producers, which are taken to hold as many.
  acknowledge(backlog, 14, 100);
  expect(backlog.of(1)).toBe(400);
  expect(() => backlog.check(1)).toThrow("too much waits to be stored");
  expect(() => backlog.check(0)).not.toThrow();
  tell(13);
  await until(() => expect(backlog.of(1)).toBe(100));
  tell("nonsense");
  tell(14);
  await until(() => expect(backlog.of(1)).toBe(0));
});

test("a writer may be quicker than the log's answer: then nothing waits", async () => {
  const backlog = new Backlog(fixture.nats, 2, MOST);
  tell(29);
  await until(() => {
    acknowledge(backlog, 30, 1);
    expect(backlog.of(1)).toBeGreaterThan(0);
  });
  tell(31);
  await until(() => expect(backlog.of(1)).toBe(0));
  acknowledge(backlog, 31, 200);
  expect(backlog.of(1)).toBe(0);
  expect(() => backlog.check(1)).not.toThrow();
  acknowledge(backlog, 32, 100);
  expect(backlog.of(1)).toBe(100);
});

test("who repeats what the log has makes it no longer", async () => {
  const backlog = new Backlog(fixture.nats, 2, MOST);
  tell(20);
  await until(() => {
    acknowledge(backlog, 21, 1);
    expect(backlog.of(1)).toBeGreaterThan(0);
  });
  const before = backlog.of(1);
  acknowledge(backlog, 21, 10_000, true);
  acknowledge(backlog, 5, 10_000, true);
  expect(backlog.of(1)).toBe(before);
});
