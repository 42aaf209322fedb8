import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { sleep } from "@parley/runtime/deadline";
import { expect, it } from "vitest";
import { idsIn, startPresence, type TestInstance, until, userOf } from "./presence-fixture.ts";

/** The promise is 5 s after NATS is back. */
const RIGHT_MS = 5_000;
/** `make test-faults` has outages of 5, 17 and 60 s. */
const OUTAGES_S = (process.env.OUTAGES_S ?? "5").split(",").map(Number);

async function withInstances(
  work: (server: NatsServer, here: TestInstance, there: TestInstance) => Promise<void>,
): Promise<void> {
  const dataDir = await makeTempDir("presence");
  const server = await startNats({ dataDir });
  const instances = await Promise.all([
    startPresence(server.url, "here"),
    startPresence(server.url, "there"),
  ]);
  try {
    await work(server, ...(instances as [TestInstance, TestInstance]));
    for (const { faults } of instances) expect(faults).toEqual([]);
  } finally {
    await Promise.all(instances.map((one) => one.close()));
    await server.kill("SIGCONT");
    await server.stop();
    await removeDataDir(dataDir);
  }
}

const subscribe = ({ presence }: TestInstance, id: string, ...rooms: string[]) => {
  presence.local.connected(userOf(id));
  for (const room of rooms) presence.local.opened(id, room);
};

it.concurrent.each(OUTAGES_S)(
  "D: presence is right again within 5 s after NATS was killed and away for %i s",
  async (seconds) => {
    await withInstances(async (server, here, there) => {
      for (const id of ["stays", "leaves", "unsubscribes"]) subscribe(here, id, "room");
      subscribe(there, "far", "room");
      const everybody = ["far", "leaves", "stays", "unsubscribes"];
      for (const one of [here, there])
        await until(() => idsIn(one, "room").join() === everybody.join(), RIGHT_MS);
      await server.kill();
      const began = performance.now();
      await sleep(500);
      here.presence.local.disconnected("leaves", ["room"]);
      here.presence.local.closed("unsubscribes", "room");
      subscribe(here, "came", "room");
      await sleep(seconds * 1_000 - (performance.now() - began));
      // Own changes need no NATS, and nobody counts as gone because NATS is.
      expect(idsIn(here, "room")).toEqual(["came", "far", "stays"]);
      expect(idsIn(there, "room")).toEqual(everybody);
      await server.startReady();
      const expected = ["came", "far", "stays"].join();
      const took = await until(() => idsIn(there, "room").join() === expected, RIGHT_MS);
      expect(took).toBeLessThan(RIGHT_MS);
      expect(there.presence.online.has("leaves")).toBe(false);
      expect(there.presence.online.has("unsubscribes")).toBe(true);
      await sleep(6_000);
      for (const one of [here, there]) expect(idsIn(one, "room").join()).toBe(expected);
    });
  },
  120_000,
);

it.concurrent("nobody counts as gone while NATS stands still for 10 s", async () => {
  await withInstances(async (server, here, there) => {
    subscribe(here, "near", "room");
    subscribe(there, "far", "room");
    await until(() => idsIn(here, "room").length === 2 && idsIn(there, "room").length === 2, RIGHT_MS);
    await server.kill("SIGSTOP");
    await sleep(10_000);
    for (const one of [here, there]) expect(idsIn(one, "room")).toEqual(["far", "near"]);
    await server.kill("SIGCONT");
    await sleep(RIGHT_MS);
    for (const one of [here, there]) expect(idsIn(one, "room")).toEqual(["far", "near"]);
  });
});

it.concurrent("the users of an instance that was killed are gone, and of one that closes sooner", async () => {
  await withInstances(async (server, here) => {
    const killed = await startPresence(server.url, "killed");
    const closed = await startPresence(server.url, "closed");
    subscribe(killed, "killed", "room");
    subscribe(closed, "closed", "room");
    await until(() => idsIn(here, "room").join() === "closed,killed", RIGHT_MS);
    await closed.close();
    await until(() => idsIn(here, "room").join() === "killed", 4_000);
    await killed.kill();
    await until(() => idsIn(here, "room").length === 0, 8_000);
    expect(here.presence.online.list(10)).toEqual([]);
  });
});

it.concurrent("an instance that starts learns of 20,000 users with rooms, in messages below the limit", async () => {
  await withInstances(async (server, here, there) => {
    const rooms = Array.from(
      { length: 5_000 },
      (_, i) => `a-room-with-a-rather-long-name-to-fill-the-message-${i}`,
    );
    let largest = 0;
    there.nats.subscribe("presence", {
      callback: (_error, message) => {
        largest = Math.max(largest, message.data.length);
      },
    });
    for (let i = 0; i < 20_000; i += 1) subscribe(here, `user-${i}`, "room", rooms[i % 100] as string);
    subscribe(here, "keen", ...rooms);
    const late = await startPresence(server.url, "late");
    for (const one of [late, there]) await until(() => one.presence.online.count("room") === 20_000, 10_000);
    expect(late.presence.online.count(rooms[4_999] as string)).toBe(1);
    expect(largest).toBeGreaterThan(50_000);
    expect(largest).toBeLessThan(500_000);
    await late.close();
  });
});
