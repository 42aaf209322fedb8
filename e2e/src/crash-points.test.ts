import { Listener } from "@parley/bench/chaos/listener";
import { entryOf } from "@parley/bench/chaos/read-history";
import { Sender } from "@parley/bench/chaos/sender";
import { postJson } from "@parley/devstack/accounts";
import { expect, it, vi } from "vitest";
import { Parley, until } from "./parley.ts";

const ROOM = "crash";
const SENDS = 800;
const WINDOW = 30;
/** Limits what the writer stores in one statement, so that it needs at least seven and reaches its crash point. */
const UNDELIVERED_MAX = 120;
const DEADLINE_MS = 90_000;

it.each([
  { producer: "producer-before-publish:300", consumer: "writer-before-write:5" },
  { producer: "producer-before-ack:300", consumer: "writer-after-write:5" },
])("loses nothing when it crashes at $producer and $consumer", async ({ producer, consumer }) => {
  const serviceEnv = { "ws-producer": { CRASH_AT: producer }, "ws-consumer": { CRASH_AT: consumer } };
  await using parley = await Parley.start({ serviceEnv });
  const people = await parley.people("sender0", "sender1", "sender2", "sender3");
  using listener = new Listener(parley.consumerSocket, people[0], [ROOM]);
  const senders = people.map((one) => new Sender(parley.producerSocket, one));
  const areUnanswered = (most: number) => senders.every(({ unanswered }) => unanswered <= most);
  for (let sent = senders.length; sent <= SENDS; sent += senders.length) {
    for (const sender of senders) void sender.send(ROOM, `m${sent}`, `message ${sent}`);
    // Resending everything in one burst would make the restarted process reach the crash point again at once.
    const isCalm = () => sent - listener.head(ROOM) < UNDELIVERED_MAX && areUnanswered(WINDOW);
    await until("some are acknowledged and delivered", isCalm, DEADLINE_MS);
  }
  await until("all are acknowledged", () => areUnanswered(0), DEADLINE_MS);
  await until("all are delivered", () => listener.head(ROOM) >= SENDS, DEADLINE_MS);
  for (const name of ["ws-producer", "ws-consumer"])
    expect(parley.stack.service(name).restarts).toBeGreaterThan(0);
  // A service that crashes by plan may be away just now.
  const read = () => parley.history(ROOM, people[0].token);
  const history = await vi.waitFor(read, { timeout: DEADLINE_MS, interval: 50 });
  expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: SENDS }, (_, i) => i + 1));
  expect(new Set(history.map(({ author, id }) => `${author.id} ${id}`)).size).toBe(SENDS);
  expect(listener.anomalies).toEqual([]);
  expect(listener.received(ROOM)).toMatchObject(history.map(entryOf));
  for (const sender of senders) sender.close();
});

it("releases the lease all the same when it crashes before it does so", async () => {
  await using parley = await Parley.start({
    serviceEnv: { "ws-consumer": { CRASH_AT: "writer-before-release:1" } },
  });
  const alice = await parley.person("alice");
  using sender = new Sender(parley.producerSocket, alice);
  await sender.send("lease", "m1", "before");
  await parley.stack.service("ws-consumer").stop();
  await parley.stack.service("ws-consumer").start();
  await sender.send("lease", "m2", "after");
  using listener = new Listener(parley.consumerSocket, alice, ["lease"]);
  await until("both are delivered", () => listener.head("lease") === 2);
});

it("gives the same successor when auth crashes after it stored it, and the client asks again", async () => {
  await using parley = await Parley.start({
    serviceEnv: { auth: { CRASH_AT: "auth-after-refresh-write:2" } },
  });
  const { refreshToken } = await parley.person("alice");
  const url = `${parley.url("auth")}/api/v1/refresh`;
  const refresh = async (token: string) =>
    ((await postJson(url, { refreshToken: token })) as { refreshToken: string }).refreshToken;
  const first = await refresh(refreshToken);
  await expect(refresh(first)).rejects.toThrow("does not answer");
  await parley.stack.untilReady("auth");
  const second = await refresh(first);
  // Auth may crash again, as it does at every second refresh.
  expect(await refresh(second).catch(String)).not.toContain("answered 401");
});
