import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { ATTACKS, type AttackName, runAttacker } from "./attacker-fixture.ts";
import { Client } from "./client-fixture.ts";
import { opened } from "./door-fixture.ts";
import { DoorProcess } from "./door-process-fixture.ts";

/** `ABUSE_MS=15000` is the long form for a quiet machine; with it each case prints a line of a table. */
const IS_LONG = process.env.ABUSE_MS !== undefined;
const ATTACK_MS = Number(process.env.ABUSE_MS ?? 2_000);
const SENDS_PER_SECOND = 20;
const MIB = 1_024 * 1_024;
/** CPU time that V8 may take to compile what an attack makes it run for the first time, ms. */
const COMPILE_MS = IS_LONG ? 1_000 : 500;
/** What applies outside tests. */
const DEFAULTS = { unauthenticatedSockets: 500, socketsPerAddress: 200, handshakesPerSecond: 50 };

const doors: DoorProcess[] = [];
const closeDoors = async () => {
  for (const door of doors.splice(0)) await door.close();
};
// The short form has one door for all attacks; each has a user and an address of its own, so that no budget is used before.
(IS_LONG ? afterEach : afterAll)(closeDoors);
let attacker = 9;

/** Attacks as a user, and from an address, that nobody had before. Resolves with the bytes that were sent. */
function attackFrom(url: string, name: AttackName, sockets: number): Promise<number> {
  const program = fileURLToPath(new URL("./attacker-fixture.ts", import.meta.url));
  return runAttacker(program, [url, String(attacker++), name, String(sockets), String(ATTACK_MS)]);
}

/** Sends 20 messages a second until `isOver`; resolves with the p95 of their acks, ms. Each must be acknowledged. */
async function ackTimes(client: Client, isOver: () => boolean): Promise<number> {
  const sentAt = new Map<unknown, number>();
  const times: number[] = [];
  client.ws.on("message", () => {
    const { id } = client.frames.at(-1) as { id?: string };
    times.push(performance.now() - (sentAt.get(id) as number));
    sentAt.delete(id);
  });
  for (let i = 0; !isOver(); i += 1) {
    sentAt.set(`m${i}`, performance.now());
    client.send({ id: `m${i}`, room: "general", body: "x" });
    await new Promise((resolve) => setTimeout(resolve, 1_000 / SENDS_PER_SECOND));
  }
  await vi.waitFor(() => expect(sentAt.size).toBe(0), 20_000);
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.95)] as number;
}

/** A door that has served as many honest sockets as the largest attack has; growth is counted from the most that they take. */
async function openDoor(): Promise<DoorProcess> {
  const door = await DoorProcess.start(DEFAULTS, !IS_LONG);
  doors.push(door);
  const frame = { id: "last", room: "general", body: "x".repeat(4_000) };
  const clients = Array.from({ length: 100 }, (_, i) => new Client(`${door.url}?token=u${100 + i}`));
  await Promise.all(clients.map(opened));
  for (let n = 0; n < 100; n += 1) for (const client of clients) client.send(frame);
  await Promise.all(clients.map((client) => client.frame(({ id }) => id === "last")));
  for (const client of clients) client.ws.close();
  await Promise.all(clients.map(({ closed }) => closed));
  return door;
}

/** The p95 of a sender's acks while the same attacker's bytes go to a port that throws them away. */
async function control(name: AttackName, sockets: number): Promise<number> {
  const door = await DoorProcess.start(DEFAULTS);
  doors.push(door);
  const sink = createServer((socket) => socket.on("error", () => undefined).resume());
  await once(sink.listen(0, "127.0.0.1"), "listening");
  const { port } = sink.address() as { port: number };
  const { p95 } = await sendBeside(door, attackFrom(`ws://127.0.0.1:${port}/ws`, name, sockets));
  sink.close();
  return p95;
}

/** Sends to a door from another address than the attacker's until the attack is over. */
async function sendBeside(
  door: DoorProcess,
  attack: Promise<number>,
): Promise<{ p95: number; sent: number }> {
  const innocent = new Client(`${door.url}?token=u1`, { localAddress: "127.0.0.2" });
  await opened(innocent);
  let isOver = false;
  const attacked = attack.finally(() => {
    isOver = true;
  });
  const p95 = await ackTimes(innocent, () => isOver);
  innocent.ws.terminate();
  return { p95, sent: await attacked };
}

/**
 * An attack beside an innocent sender. In the short form the growth is what the door holds, in the long form also what V8
 * has not collected yet. Resolves with the p95 of its acks, ms, the door's growth, bytes, and its share of a CPU.
 */
async function attackBesideInnocent(name: AttackName, sockets: number) {
  const door = doors[0] ?? (await openDoor());
  door.noteStart();
  const rssBefore = Math.max(door.rss, door.rssUsual);
  const cpuBefore = door.cpuMs;
  const { p95, sent } = await sendBeside(door, attackFrom(door.url, name, sockets));
  const growth = door.rssMost - rssBefore;
  const cpuShare = (door.cpuMs - cpuBefore - COMPILE_MS) / ATTACK_MS;
  if (IS_LONG) {
    const row = [`${sockets} × ${name}`, `${Math.round(sent / 1e6)} MB`, `${Math.round(cpuShare * 100)} %`];
    process.stderr.write(`| ${row.join(" | ")} | ${p95.toFixed(1)} ms | ${Math.round(growth / MIB)} MiB |\n`);
  }
  return { p95, growth, cpuShare };
}

describe("A: work is metered", () => {
  it.each(Object.keys(ATTACKS) as AttackName[])(
    "one socket that sends %s slows nobody and takes little memory",
    async (name) => {
      const { p95, growth, cpuShare } = await attackBesideInnocent(name, 1);
      expect(growth).toBeLessThan(64 * MIB);
      // The cost of what it does, not of what it sends: without the meter it takes a whole CPU.
      expect(cpuShare).toBeLessThan(0.5);
      // Times are for a quiet machine: the control is what the attacker's bytes alone would do.
      if (IS_LONG && p95 > 100) expect(p95).toBeLessThan(2 * (await control(name, 1)));
    },
    2 * ATTACK_MS + 90_000,
  );

  it.each(["frames after a refused one", "half a large frame and no token", "pongs and no token"] as const)(
    "100 sockets without a token that send %s take at most 64 MB",
    async (name) => {
      const { growth } = await attackBesideInnocent(name, 100);
      expect(growth).toBeLessThan(64 * MIB);
    },
    ATTACK_MS + 90_000,
  );
});
