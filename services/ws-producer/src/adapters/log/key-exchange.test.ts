import { connect } from "@nats-io/transport-node";
import { makeLogins } from "@parley/devstack/logins";
import { startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { ACKNOWLEDGED_STREAM, acknowledgedConfig } from "@parley/protocol/log";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { KeyExchange } from "./key-exchange.ts";
import { appendMany, entryOf, LogFixture, until } from "./log-fixture.ts";

let fixture: LogFixture;
beforeAll(async () => {
  fixture = await LogFixture.start();
});
afterEach(() => fixture.clear());
afterAll(() => fixture.stop());

const keys = (count: number) => Array.from({ length: count }, (_, i) => entryOf(`k${i}`).key);

test("ids that went in a pack are duplicates for another producer too, and are appended all the same", async () => {
  await fixture.makeLog(1);
  const [one, other] = [fixture.publisher(1), fixture.publisher(1)];
  const heard = new KeyExchange(fixture.nats, 1);
  await appendMany(one, "k", 50);
  await until(() => heard.has(0, entryOf("k49").key));
  expect((await appendMany(other, "k", 60)).map(({ duplicate }) => duplicate)).toEqual([
    ...Array(50).fill(true),
    ...Array(10).fill(false),
  ]);
  expect((await fixture.idsIn(0)).flat()).toHaveLength(110);
  expect(other.counters).toMatchObject({ published: 60, duplicates: 50 });
  heard.close();
});

test("a producer that starts reads what was told before, also if it was much", async () => {
  await fixture.jsm.streams.add(acknowledgedConfig(1));
  const before = new KeyExchange(fixture.nats, 2);
  // More tellings than are asked for at once.
  const told = keys(2_500);
  for (const key of told) fixture.nats.publish("acknowledged.1.somebody", key);
  await until(() => before.has(1, told.at(-1) as string));
  await until(
    async () => (await fixture.jsm.streams.info(ACKNOWLEDGED_STREAM)).state.messages === told.length,
  );
  const after = new KeyExchange(fixture.nats, 2);
  await until(() => {
    expect(told.filter((key) => after.has(1, key))).toHaveLength(told.length);
  });
  expect(told.some((key) => after.has(0, key))).toBe(false);
  before.close();
  after.close();
});

test("what is told when it closes is heard, what is no key is not, and another stream is another story", async () => {
  const [one, other] = [new KeyExchange(fixture.nats, 1), new KeyExchange(fixture.nats, 1)];
  const [first, second] = keys(2) as [string, string];
  fixture.nats.publish("acknowledged.0.somebody", "too short");
  fixture.nats.publish("acknowledged.7.somebody", first);
  one.tell(0, "no key");
  one.tell(0, first);
  one.tell(0, second);
  one.close();
  await until(() => other.has(0, second));
  expect(other.has(0, first)).toBe(true);
  expect(other.has(0, "no key")).toBe(false);
  other.forget(0);
  expect(other.has(0, first)).toBe(false);
  other.close();
});

test("where NATS does not permit it, nothing is heard and nothing else is disturbed", async () => {
  const { nats: passwords } = makeLogins();
  const dataDir = await makeTempDir("exchange");
  const server = await startNats({ dataDir, passwords });
  const login = { user: "auth", pass: passwords.auth, inboxPrefix: "_INBOX_auth" };
  const nats = await connect({ servers: server.url, ...login });
  const exchange = new KeyExchange(nats, 1);
  const [key = ""] = keys(1);
  exchange.tell(0, key);
  await nats.flush();
  expect(exchange.has(0, key)).toBe(false);
  const heard: string[] = [];
  nats.subscribe("_INBOX_auth.x", { callback: (_error, msg) => void heard.push(msg.string()) });
  const operator = await connect({ servers: server.url, user: "operator", pass: passwords.operator });
  await nats.flush();
  operator.publish("_INBOX_auth.x", "still there");
  await until(() => expect(heard).toEqual(["still there"]));
  exchange.close();
  for (const connection of [nats, operator]) await connection.close();
  await server.stop();
  await removeDataDir(dataDir);
});
