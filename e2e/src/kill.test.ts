import { afterAll, beforeAll, expect, it } from "vitest";
import { Member } from "./member.ts";
import { Parley, type Person, until } from "./parley.ts";
import { Sender } from "./sender.ts";

const SENDS = 2_000;
const SENDERS = 4;

let parley: Parley;
let people: Person[];

beforeAll(async () => {
  parley = await Parley.start();
  people = await Promise.all(Array.from({ length: SENDERS }, (_, i) => parley.person(`sender${i}`)));
});
afterAll(() => parley?.stop());

/** Sends 2,000 messages from four people while `fault` happens, and checks that each is there once, for everybody. */
async function survive(room: string, fault: () => Promise<void> | void): Promise<void> {
  const [first] = people as [Person];
  const member = new Member(parley.consumerSocket, () => first.token, [room]);
  const senders = people.map((one) => new Sender(parley.producerSocket, () => one.token));
  const acks: Promise<unknown>[] = [];
  let happened: Promise<void> | undefined;
  for (let i = 0; i < SENDS / SENDERS; i += 1) {
    for (const sender of senders) acks.push(sender.send(room, `m${i}`, `message ${i}`));
    if (i === SENDS / SENDERS / 2) happened = Promise.resolve(fault());
    if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await happened;
  await until("every send is acknowledged", () => senders.every((sender) => sender.unacked === 0), 60_000);
  await Promise.all(acks);
  await until("the member has all", () => member.head(room) >= SENDS, 60_000);
  const history = await parley.history(room, first.token);
  expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: SENDS }, (_, i) => i + 1));
  const keys = new Set(history.map(({ author, id }) => `${author.id} ${id}`));
  expect(keys.size).toBe(SENDS);
  expect(member.anomalies).toEqual([]);
  expect(member.rooms.get(room)?.map(({ id }) => id)).toEqual(history.map(({ id }) => id));
  for (const client of [member, ...senders]) client.close();
}

it.each(["ws-producer", "ws-consumer", "nats", "postgres"])(
  "loses nothing when %s is killed in the middle",
  async (name) => {
    const before = parley.stack.service(name).pid;
    await survive(`kill-${name}`, () => parley.stack.service(name).kill("SIGKILL"));
    expect(parley.stack.service(name).pid).not.toBe(before);
  },
);

it("stores once what a killed ws-producer had acknowledged, and takes it as new in the ack", async () => {
  const [first] = people as [Person];
  const ids = Array.from({ length: 100 }, (_, i) => `m${i}`);
  const duplicatesOf = async () => {
    const sender = new Sender(parley.producerSocket, () => first.token);
    const acks = await Promise.all(ids.map((id) => sender.send("again", id, `message ${id}`)));
    sender.close();
    return acks.filter(({ duplicate }) => duplicate).length;
  };
  expect(await duplicatesOf()).toBe(0);
  expect(await duplicatesOf()).toBe(ids.length);
  await parley.stack.service("ws-producer").kill("SIGKILL");
  expect(await duplicatesOf()).toBe(0);
  const history = await parley.history("again", first.token);
  expect(history.map(({ id }) => id).sort()).toEqual([...ids].sort());
});

it("acknowledges while Postgres is down for 20 s, and delivers afterwards", async () => {
  const [first] = people as [Person];
  const member = new Member(parley.consumerSocket, () => first.token, ["outage"]);
  await until("the member listens", () => member.connects === 1);
  const sender = new Sender(parley.producerSocket, () => first.token);
  await sender.send("outage", "before", "before");
  await until("it is delivered", () => member.head("outage") === 1);
  await parley.stack.service("postgres").stop();
  const down = performance.now();
  let sent = 0;
  while (performance.now() - down < 20_000) {
    await sender.send("outage", `down${sent}`, "while Postgres is down");
    sent += 1;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(sent).toBeGreaterThan(100);
  expect(member.head("outage")).toBe(1);
  await parley.stack.service("postgres").start();
  await until("all are delivered", () => member.head("outage") === sent + 1);
  expect(member.anomalies).toEqual([]);
  expect((await parley.history("outage", first.token)).map(({ id }) => id)).toEqual([
    "before",
    ...Array.from({ length: sent }, (_, i) => `down${i}`),
  ]);
  for (const client of [member, sender]) client.close();
});
