import { afterEach, expect, it } from "vitest";
import { Member } from "./member.ts";
import { Parley, until } from "./parley.ts";
import { Sender } from "./sender.ts";

const SENDS = 800;
const SENDERS = 4;
const WINDOW = 30;
/** So few wait for the writer that it needs seven statements for all of them, however busy the machine is. */
const UNDELIVERED_MAX = 120;
const DEADLINE_MS = 90_000;

let parley: Parley | undefined;
afterEach(() => parley?.stop());

it.each([
  { producer: "producer-before-publish:300", consumer: "writer-before-write:5" },
  { producer: "producer-before-ack:300", consumer: "writer-after-write:5" },
])("loses nothing when it crashes at $producer and $consumer", async ({ producer, consumer }) => {
  parley = await Parley.start({
    serviceEnv: { "ws-producer": { CRASH_AT: producer }, "ws-consumer": { CRASH_AT: consumer } },
  });
  const { stack } = parley;
  const people = await Promise.all(Array.from({ length: SENDERS }, (_, i) => parley?.person(`sender${i}`)));
  const token = () => people[0]?.token ?? "";
  const senders = people.map((one) => new Sender(parley?.producerSocket ?? "", () => one?.token ?? ""));
  const member = new Member(parley.consumerSocket, token, ["crash"]);
  for (let i = 0; i < SENDS / SENDERS; i += 1) {
    for (const sender of senders) void sender.send("crash", `m${i}`, `message ${i}`);
    // A client that sends all that is open at once would bring a new process to the same point at once.
    const undelivered = () => (i + 1) * SENDERS - member.head("crash");
    const isCalm = () => undelivered() < UNDELIVERED_MAX && senders.every(({ unacked }) => unacked < WINDOW);
    await until("some are acknowledged and delivered", isCalm, DEADLINE_MS);
  }
  await until("every send is acknowledged", () => senders.every(({ unacked }) => unacked === 0), DEADLINE_MS);
  await until("the member has all", () => member.head("crash") >= SENDS, DEADLINE_MS);
  const history = await parley.history("crash", token());
  expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: SENDS }, (_, i) => i + 1));
  expect(new Set(history.map(({ author, id }) => `${author.id} ${id}`)).size).toBe(SENDS);
  expect(member.anomalies).toEqual([]);
  for (const name of ["ws-producer", "ws-consumer"]) expect(stack.service(name).restarts).toBeGreaterThan(0);
  for (const client of [member, ...senders]) client.close();
});

it("gives the lease up all the same when it crashes before it says so", async () => {
  parley = await Parley.start({ serviceEnv: { "ws-consumer": { CRASH_AT: "writer-before-release:1" } } });
  const alice = await parley.person("alice");
  const sender = new Sender(parley.producerSocket, () => alice.token);
  await sender.send("lease", "m1", "before");
  await parley.stack.service("ws-consumer").stop();
  await parley.stack.service("ws-consumer").start();
  await sender.send("lease", "m2", "after");
  const member = new Member(parley.consumerSocket, () => alice.token, ["lease"]);
  await until("both are delivered", () => member.head("lease") === 2);
  for (const client of [member, sender]) client.close();
});

it("gives the same successor when auth crashes after it stored it, and the client asks again", async () => {
  parley = await Parley.start({ serviceEnv: { auth: { CRASH_AT: "auth-after-refresh-write:2" } } });
  const { username, password } = await parley.person("alice");
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${parley?.url("auth")}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, ...((await answer.json()) as { data: { refreshToken: string } }) };
  };
  const login = await post("/api/v1/login", { username, password });
  const first = await post("/api/v1/refresh", { refreshToken: login.data.refreshToken });
  expect(first.status).toBe(200);
  await expect(post("/api/v1/refresh", { refreshToken: first.data.refreshToken })).rejects.toThrow();
  await parley.stack.untilReady("auth");
  const second = await post("/api/v1/refresh", { refreshToken: first.data.refreshToken });
  expect(second.status).toBe(200);
  const third = await post("/api/v1/refresh", { refreshToken: second.data.refreshToken }).catch(
    () => undefined,
  );
  expect(third?.status ?? "auth crashed, as it shall at every second").not.toBe(401);
});
