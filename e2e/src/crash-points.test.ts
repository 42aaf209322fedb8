import { Listener } from "@parley/bench/chaos/listener";
import { Sender } from "@parley/bench/chaos/sender";
import { postJson } from "@parley/devstack/accounts";
import { afterEach, expect, it } from "vitest";
import { Parley, until } from "./parley.ts";
import { checkTraffic } from "./traffic-fixture.ts";

const SENDS = 800;
const WINDOW = 30;
/** Limits what the writer stores in one statement, so that it needs at least seven and reaches its crash point. */
const UNDELIVERED_MAX = 120;
const DEADLINE_MS = 90_000;

let parley: Parley | undefined;
afterEach(() => parley?.stop());

it.each([
  { producer: "producer-before-publish:300", consumer: "writer-before-write:5" },
  { producer: "producer-before-ack:300", consumer: "writer-after-write:5" },
])("loses nothing when it crashes at $producer and $consumer", async ({ producer, consumer }) => {
  const serviceEnv = { "ws-producer": { CRASH_AT: producer }, "ws-consumer": { CRASH_AT: consumer } };
  const started = await Parley.start({ serviceEnv });
  parley = started;
  const names = Array.from({ length: 4 }, (_, i) => `sender${i}`);
  const people = await Promise.all(names.map((name) => started.person(name)));
  const traffic = { parley, room: "crash", senders: people, listeners: people.slice(0, 1) };
  await checkTraffic(traffic, async (senders, [listener]) => {
    for (let i = 0; i < SENDS / senders.length; i += 1) {
      for (const sender of senders) void sender.send("crash", `m${i}`, `message ${i}`);
      // Resending everything in one burst would make the restarted process reach the crash point again at once.
      const undelivered = () => (i + 1) * senders.length - (listener?.head("crash") ?? 0);
      const isCalm = () =>
        undelivered() < UNDELIVERED_MAX && senders.every(({ unanswered }) => unanswered < WINDOW);
      await until("some are acknowledged and delivered", isCalm, DEADLINE_MS);
    }
  });
  for (const name of ["ws-producer", "ws-consumer"])
    expect(parley.stack.service(name).restarts).toBeGreaterThan(0);
});

it("releases the lease all the same when it crashes before it does so", async () => {
  parley = await Parley.start({ serviceEnv: { "ws-consumer": { CRASH_AT: "writer-before-release:1" } } });
  const alice = await parley.person("alice");
  const sender = new Sender(parley.producerSocket, alice);
  await sender.send("lease", "m1", "before");
  await parley.stack.service("ws-consumer").stop();
  await parley.stack.service("ws-consumer").start();
  await sender.send("lease", "m2", "after");
  const listener = new Listener(parley.consumerSocket, alice, ["lease"]);
  await until("both are delivered", () => listener.head("lease") === 2);
  for (const client of [listener, sender]) client.close();
});

it("gives the same successor when auth crashes after it stored it, and the client asks again", async () => {
  parley = await Parley.start({ serviceEnv: { auth: { CRASH_AT: "auth-after-refresh-write:2" } } });
  const { refreshToken } = await parley.person("alice");
  const url = `${parley.url("auth")}/api/v1/refresh`;
  const refresh = async (token: string) =>
    ((await postJson(url, { refreshToken: token })) as { refreshToken: string }).refreshToken;
  const first = await refresh(refreshToken);
  await expect(refresh(first)).rejects.toThrow("fetch failed");
  await parley.stack.untilReady("auth");
  const second = await refresh(first);
  // Auth may crash again, as it does at every second refresh.
  expect(await refresh(second).catch(String)).not.toContain("answered 401");
});
