import { Listener } from "@parley/bench/chaos/listener";
import { Sender } from "@parley/bench/chaos/sender";
import { sleep } from "@parley/runtime/deadline";
import { afterAll, expect, it } from "vitest";
import { Parley, until } from "./parley.ts";
import { checkTraffic } from "./traffic-fixture.ts";

const SENDS_EACH = 500;

const parley = await Parley.start();
afterAll(() => parley.stop());
const people = await parley.people("alice", "bob", "carol", "dave");
const [alice] = people;

it.each(["ws-producer", "ws-consumer", "nats", "postgres"])(
  "loses nothing of 2,000 messages when %s is killed in the middle",
  async (name) => {
    const before = parley.stack.service(name).pid;
    const room = `kill-${name}`;
    await checkTraffic({ parley, room, senders: [...people], listeners: [alice] }, async (senders) => {
      let killed: Promise<void> | undefined;
      for (let i = 0; i < SENDS_EACH; i += 1) {
        for (const sender of senders) void sender.send(room, `m${i}`, `message ${i}`);
        if (i === SENDS_EACH / 2) killed = parley.stack.service(name).kill("SIGKILL");
        if (i % 5 === 0) await sleep(5);
      }
      await killed;
    });
    expect(parley.stack.service(name).pid).not.toBe(before);
  },
);

it("stores once what is sent again after ws-producer was killed, and acknowledges it as new", async () => {
  const ids = Array.from({ length: 100 }, (_, i) => `m${i}`);
  const duplicatesOf = async () => {
    const sender = new Sender(parley.producerSocket, alice);
    const acks = await Promise.all(ids.map((id) => sender.send("again", id, `message ${id}`)));
    sender.close();
    return acks.filter(({ duplicate }) => duplicate).length;
  };
  expect(await duplicatesOf()).toBe(0);
  expect(await duplicatesOf()).toBe(ids.length);
  await parley.stack.service("ws-producer").kill("SIGKILL");
  expect(await duplicatesOf()).toBe(0);
  const history = await parley.history("again", alice.token);
  expect(history.map(({ id }) => id).sort()).toEqual([...ids].sort());
});

it("acknowledges while Postgres is down for 20 s, and delivers afterwards", async () => {
  const listener = new Listener(parley.consumerSocket, alice, ["outage"]);
  await until("the listener is there", () => listener.connects === 1);
  const sender = new Sender(parley.producerSocket, alice);
  await sender.send("outage", "before", "before");
  await until("it is delivered", () => listener.head("outage") === 1);
  await parley.stack.service("postgres").stop();
  const down = performance.now();
  let sent = 0;
  while (performance.now() - down < 20_000) {
    await sender.send("outage", `down${sent}`, "while Postgres is down");
    sent += 1;
    await sleep(100);
  }
  expect(sent).toBeGreaterThan(100);
  expect(listener.head("outage")).toBe(1);
  await parley.stack.service("postgres").start();
  await until("all are delivered", () => listener.head("outage") === sent + 1);
  expect(listener.anomalies).toEqual([]);
  expect((await parley.history("outage", alice.token)).map(({ id }) => id)).toEqual([
    "before",
    ...Array.from({ length: sent }, (_, i) => `down${i}`),
  ]);
  for (const client of [listener, sender]) client.close();
});
