import { streamConfig, streamOf } from "@parley/protocol/log";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { checkLog } from "./log-check.ts";
import { AT, appendMany, entryOf, LogFixture, until } from "./log-fixture.ts";

let fixture: LogFixture;
beforeAll(async () => {
  fixture = await LogFixture.start();
});
afterEach(() => fixture.clear());
afterAll(() => fixture.stop());

test("while a stream is missing entries stay pending, and are published once it exists", async () => {
  const publisher = fixture.publisher(2);
  const held = publisher.publish(entryOf("k"));
  await until(() => expect(() => publisher.assertReady()).toThrow("there is no stream CHAT_0 yet"));
  await fixture.makeLog(2);
  await expect(held).resolves.toMatchObject({ logSeq: 1, duplicate: false });
  publisher.assertReady();
});

test("entries stay pending while a deleted stream is missing", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await publisher.publish(entryOf("before"));
  await fixture.jsm.streams.delete(streamOf(0));
  const few = publisher.publish(entryOf("few"));
  const many = appendMany(publisher, "many", 50);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await fixture.makeLog(1);
  await Promise.all([few, many]);
  const ids = (await fixture.idsIn(0)).flat();
  expect(ids).toEqual(["few", ...Array.from({ length: 50 }, (_, i) => `many${i}`)]);
});

test("a replaced stream is detected: its lower sequences are not taken for old ones", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  for (const id of ["a", "b", "c"]) await publisher.publish(entryOf(id));
  await fixture.jsm.streams.delete(streamOf(0));
  await fixture.makeLog(1);
  const published = await appendMany(publisher, "new", 20);
  expect(published).toEqual(Array(20).fill({ logSeq: 1, shard: 0, duplicate: false, at: AT }));
  expect((await fixture.idsIn(0)).flat()).toEqual(Array.from({ length: 20 }, (_, i) => `new${i}`));
  expect(fixture.errors).toContainEqual(expect.objectContaining({ reason: "acknowledged 1 after 3" }));
  expect(fixture.errors).toContainEqual(
    expect.objectContaining({ stream: "CHAT_0", known: expect.any(String) }),
  );
  await expect(publisher.publish(entryOf("next"))).resolves.toMatchObject({ logSeq: 2 });
});

/** A publisher that knows five keys of a stream which has got a wrong setting; `right` is how it was. */
async function withWrongSetting() {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1);
  await appendMany(publisher, "known", 5);
  const right = (await fixture.jsm.streams.info(streamOf(0))).config;
  await fixture.jsm.streams.update(streamOf(0), { ...right, max_age: 3600e9 });
  await until(() => expect(() => publisher.assertReady()).toThrow("max_age is set"));
  return { publisher, right };
}

test("while a stream has a wrong setting a duplicate stays pending too, and is acknowledged once the setting is right", async () => {
  const { publisher, right } = await withWrongSetting();
  let isDone = false;
  const repeat = publisher.publish(entryOf("known3")).finally(() => {
    isDone = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isDone).toBe(false);
  await fixture.jsm.streams.update(streamOf(0), right);
  await expect(repeat).resolves.toMatchObject({ duplicate: true });
});

test("a repeat that waits while its stream is replaced is stored in the new one, and is no duplicate there", async () => {
  const { publisher } = await withWrongSetting();
  const repeat = publisher.publish(entryOf("known3"));
  await fixture.jsm.streams.delete(streamOf(0));
  await fixture.makeLog(1);
  await expect(repeat).resolves.toMatchObject({ logSeq: 1, duplicate: false });
  expect(await fixture.idsIn(0)).toEqual([["known3"]]);
});

test("readiness names a number of shards that differs from the log's", async () => {
  await fixture.makeLog(4);
  const fewer = fixture.publisher(2);
  await until(() => expect(() => fewer.assertReady()).toThrow("there is a stream CHAT_2"));
  const more = fixture.publisher(5);
  await until(() =>
    expect(() => more.assertReady()).toThrow("CHAT_0: made for LOG_SHARDS=4, this process has 5"),
  );
  expect(() => more.assertReady()).toThrow("there is no stream CHAT_4 yet");
});

test("readiness names settings of a stream that would break a promise, and nothing is published to it", async () => {
  await fixture.jsm.streams.add({
    ...streamConfig(0, 1, 1, 1_000_000),
    allow_atomic: false,
    max_age: 3600e9,
  });
  const publisher = fixture.publisher(1);
  let isGone = false;
  const held = publisher.publish({ ...entryOf("k"), isGone: () => isGone });
  await until(() => expect(() => publisher.assertReady()).toThrow("allow_atomic is off"));
  expect(() => publisher.assertReady()).toThrow("max_age is set");
  isGone = true;
  await expect(held).rejects.toMatchObject({ code: "unavailable" });
  expect(await fixture.idsIn(0)).toEqual([]);
});

test("a monitoring address that does not answer makes the log unknown, not ready", async () => {
  await fixture.makeLog(1);
  const publisher = fixture.publisher(1, { monitorUrls: ["http://127.0.0.1:9"] });
  await until(() => expect(() => publisher.assertReady()).toThrow("does not answer"));
  await expect(checkLog(fixture.nats, 1, [])).resolves.toMatchObject({ server: { state: "right" } });
});

test("one of several servers that does not sync each write makes the log not ready", async () => {
  const lax = await LogFixture.start("jetstream { sync_interval: 2m }");
  try {
    await lax.makeLog(1);
    const monitorUrls = [fixture, lax].map(({ server }) => server.monitorUrl);
    const publisher = lax.publisher(1, { monitorUrls });
    await until(() => expect(() => publisher.assertReady()).toThrow("sync_interval: always"));
    await lax.clear();
  } finally {
    await lax.stop();
  }
});

test("of several monitoring addresses a minority may be silent", async () => {
  await fixture.makeLog(1);
  const { monitorUrl } = fixture.server;
  const silent = "http://127.0.0.1:1";
  const stateOf = async (...urls: string[]) => (await checkLog(fixture.nats, 1, urls)).server;
  expect(await stateOf(monitorUrl, monitorUrl, silent)).toEqual({ state: "right" });
  expect(await stateOf(monitorUrl, silent, silent)).toMatchObject({ state: "unknown" });
  expect(await stateOf(monitorUrl, silent)).toMatchObject({ state: "unknown" });
});
