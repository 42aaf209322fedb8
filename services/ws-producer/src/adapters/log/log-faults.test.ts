import { afterEach, beforeEach, expect, test } from "vitest";
import { appendMany, entryOf, LogFixture, until } from "./log-fixture.ts";
import type { LogPublisher } from "./log-publisher.ts";
import type { Published } from "./pending-entries.ts";

const SHARDS = 2;
const ROOMS = ["general", "random", "dev", "ops"];

let fixture: LogFixture;
beforeEach(async () => {
  fixture = await LogFixture.start();
  await fixture.makeLog(SHARDS);
});
afterEach(async () => {
  await fixture.clear();
  await fixture.stop();
});

/** Publishes `count` entries, 20 every 2 ms; `progress` counts calls and acknowledgements. */
function sendSlowly(publisher: LogPublisher, count: number) {
  const progress = { sent: 0, acknowledged: 0 };
  const done = (async () => {
    const outcomes: Promise<Published>[] = [];
    while (progress.sent < count) {
      for (let i = 0; i < 20; i += 1, progress.sent += 1) {
        const outcome = publisher.publish(entryOf(`k${progress.sent}`, ROOMS[progress.sent % ROOMS.length]));
        void outcome.then(() => {
          progress.acknowledged += 1;
        });
        outcomes.push(outcome);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return await Promise.all(outcomes);
  })();
  return { progress, done };
}

/** Expects each entry in the log once, at the sequence of its acknowledgement. */
async function expectEachOnce(outcomes: readonly Published[]): Promise<void> {
  const ids = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => fixture.idsIn(shard)));
  expect(ids.flat(2).sort()).toEqual(outcomes.map((_, i) => `k${i}`).sort());
  for (const [i, { logSeq, shard }] of outcomes.entries())
    expect(ids[shard]?.[logSeq - 1]).toContain(`k${i}`);
}

test("nats-server is killed twice during 4,000 publishes: all are acknowledged, each is stored once", async () => {
  const publisher = fixture.publisher(SHARDS);
  const { progress, done } = sendSlowly(publisher, 4_000);
  for (const mark of [300, 1_500]) {
    await until(() => progress.acknowledged >= mark);
    await fixture.server.kill("SIGKILL");
    await until(() => expect(() => publisher.assertReady()).toThrow("NATS is not connected"));
    expect(progress.acknowledged).toBeLessThan(4_000);
    await fixture.server.restart();
    // The library drops requests that are made while the connection is lost.
    await until(() => publisher.assertReady());
  }
  const outcomes = await done;
  expect(outcomes.some(({ duplicate }) => duplicate)).toBe(false);
  expect(publisher.counters.retries).toBeGreaterThan(0);
  await expectEachOnce(outcomes);
}, 60_000);

test("nats-server is stopped for 3 s: all entries are acknowledged within 5 s afterwards, and stored once", async () => {
  const publisher = fixture.publisher(SHARDS);
  const { progress, done } = sendSlowly(publisher, 2_000);
  await until(() => progress.acknowledged >= 200);
  await fixture.server.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await fixture.server.kill("SIGCONT");
  const resumed = performance.now();
  const outcomes = await done;
  expect(performance.now() - resumed).toBeLessThan(5_000);
  expect(outcomes.some(({ duplicate }) => duplicate)).toBe(false);
  await expectEachOnce(outcomes);
}, 60_000);

test("the connection breaks while packs are outstanding: they are published again at once", async () => {
  const publisher = fixture.publisher(SHARDS);
  const { progress, done } = sendSlowly(publisher, 2_000);
  for (const mark of [100, 500, 1_000, 1_500]) {
    await until(() => progress.acknowledged >= mark);
    void appendMany(publisher, `extra${mark}-`, 200).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    await fixture.nats.reconnect();
  }
  const outcomes = await done;
  await until(() => publisher.pending() === 0);
  const ids = (await Promise.all([fixture.idsIn(0), fixture.idsIn(1)])).flat(2);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => id.startsWith("extra"))).toHaveLength(800);
  expect(outcomes).toHaveLength(2_000);
}, 60_000);

test("while NATS is down entries stay pending here, and not in the library's buffer, which it drops", async () => {
  const publisher = fixture.publisher(SHARDS);
  await publisher.publish(entryOf("first"));
  await fixture.server.kill("SIGKILL");
  await until(() => expect(() => publisher.assertReady()).toThrow("NATS is not connected"));
  const sentBefore = fixture.nats.stats().outMsgs;
  const held = appendMany(publisher, "k", 500);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(fixture.nats.stats().outMsgs).toBe(sentBefore);
  expect(publisher.pending()).toBe(500);
  await fixture.server.restart();
  await held;
  const [{ shard } = { shard: 0 }] = await held;
  expect((await fixture.idsIn(shard)).flat()).toHaveLength(501);
}, 60_000);
