import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { RoomEvent } from "../src/frames.ts";
import type { Parley } from "../src/types.ts";
import { postMany } from "./posting-fixture.ts";
import { memoryStore, pause, recordingSockets } from "./recording-fixture.ts";
import { services } from "./running-fixture.ts";
import { textsOf, until, untilOnline } from "./stack-fixture.ts";

/** Clients that are closed at random moments; 1,000 in the long form. */
const CLOSES = Number(process.env.CLOSES ?? 100);

/** Reads events into a list until the client is closed. */
function collect(parley: Parley, room: string, after: number): RoomEvent[] {
  const events: RoomEvent[] = [];
  void (async () => {
    for await (const event of parley.rooms.get(room).events({ after })) events.push(event);
  })().catch(() => undefined);
  return events;
}

/** S8, S9 and S11 to S13: what becomes of messages. */
it("S8 what waits can be seen and discarded, can expire, and keeps its id over a reload", async () => {
  const person = await services.person();
  const store = memoryStore();
  const before = services.client(person, { store });
  services.down();
  const room = before.rooms.get("s8");
  const kept = room.send("kept", { expiresInMs: 60_000 });
  const dropped = room.send("dropped");
  const late = room.send("late", { expiresInMs: 50 });
  expect(before.outbox.value.map(({ body }) => body)).toEqual(["kept", "dropped", "late"]);
  expect(dropped.discard()).toBe(true);
  await until("expired", () => late.state.value === "failed");
  expect(late.error?.code).toBe("expired");
  await pause(20);
  await before.close();
  services.up();
  const reloaded = services.client(person, { store });
  reloaded.rooms.get("s8").open();
  await until(
    "loaded",
    () => reloaded.outbox.value.length > 0 || textsOf(reloaded.rooms.get("s8")).length > 0,
  );
  await until("sent", () => textsOf(reloaded.rooms.get("s8")).join() === "kept");
  const history = await services.stack.history("s8", person.token);
  expect(history.map(({ id }) => id)).toEqual([kept.id]);
  await until("forgotten", () => ![...store.content.keys()].some((key) => key.startsWith("outbox/")));
});

it("S8 two tabs that send the same message store it once, and order holds at the server's rate", async () => {
  const person = await services.person();
  const store = memoryStore();
  services.down();
  const first = services.client(person, { store });
  const ids = Array.from({ length: 45 }, (_, i) => first.rooms.get("s8b").send(`text ${i}`).id);
  await pause(50);
  const second = services.client(person, { store });
  second.connect();
  await until("both have it", () => second.outbox.value.length === ids.length);
  services.up();
  const began = performance.now();
  await until("all are sent", () => first.outbox.value.length === 0 && second.outbox.value.length === 0);
  expect(performance.now() - began).toBeGreaterThan(((ids.length - 20) / 20) * 1_000);
  const history = await services.stack.history("s8b", person.token);
  expect(history.map(({ id }) => id)).toEqual(ids);
});

it("S9 closing at random moments leaves no rejection and nothing that keeps Node alive", async () => {
  const { token } = await services.person();
  const child = join(import.meta.dirname, "close-child-fixture.ts");
  const args = [child, JSON.stringify({ url: services.url, token, closes: CLOSES })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 + 200 * CLOSES });
  expect(stdout).toBe(`closed ${CLOSES}\n`);
});

it("S9 a listener that throws stops nobody else", async () => {
  const parley = services.client(await services.person());
  const room = parley.rooms.get("s9");
  const heard: string[] = [];
  for (const live of [parley.status, room.timeline, parley.outbox] as const)
    live.subscribe(() => {
      throw new Error("a listener's own");
    });
  room.on("message", () => {
    throw new Error("a listener's own");
  });
  room.on("message", ({ body }) => heard.push(body));
  room.open();
  await until("live", () => room.timeline.value.phase === "live");
  await room.send("heard").stored();
  await until("heard", () => heard.join() === "heard");
});

it("S11 after a gap what is older is dropped from memory and store, unless it is fetched", async () => {
  const person = await services.person();
  const store = memoryStore();
  const parley = services.client(person, { store });
  const room = parley.rooms.get("s11");
  const resets: string[] = [];
  room.on("reset", ({ why }) => resets.push(why));
  room.open();
  const events = collect(parley, "s11", 0);
  await room.send("old").stored();
  await until("stored", () => store.content.has("cache/s11"));
  services.down();
  await until("cut", () => parley.status.value.state === "retrying");
  await postMany(services, person, "s11", 1_100);
  services.up();
  await until("live again", () => room.timeline.value.phase === "live" && room.timeline.value.head === 1_101);
  expect(resets).toEqual(["gap"]);
  const { items, completeFrom, hasOlder } = room.timeline.value;
  expect([items.length, completeFrom, hasOlder]).toEqual([50, 1_052, true]);
  await until("stored anew", () =>
    JSON.stringify(store.content.get("cache/s11") ?? "").includes('"head":1101'),
  );
  expect(JSON.stringify(store.content.get("cache/s11"))).not.toContain('"old"');
  await until("the reader has all", () => events.length >= 1_101);
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_101 }, (_, i) => i + 1));
  expect(await room.older()).toBe(true);
  expect(room.timeline.value.items[0]).toMatchObject({ seq: 1_002 });
  await room.around(500);
  expect(room.timeline.value.hasNewer).toBe(true);
  expect(room.timeline.value.items.some((one) => "seq" in one && one.seq === 500)).toBe(true);
  await room.latest();
  expect(room.timeline.value.items.at(-1)).toMatchObject({ seq: 1_101 });
});

it("S12 a room whose head is before ours is begun anew", async () => {
  const person = await services.person();
  const store = memoryStore();
  const parley = services.client(person, { store });
  const room = parley.rooms.get("s12");
  await room.send("one").stored();
  const message = { type: "message", room: "s12", seq: 50, id: "x", author: person, body: "ghost", at: "" };
  const items = [{ message, asOf: 50 }];
  const cached = { items, head: 50, completeFrom: 50, hasOlder: true, hasNewer: false, phase: "live" };
  await store.set("cache/s12", cached);
  const resets: string[] = [];
  room.on("reset", ({ why }) => resets.push(why));
  room.open();
  await until("begun anew", () => textsOf(room).join() === "one" && room.timeline.value.phase === "live");
  expect(resets).toEqual(["reset"]);
  expect(room.timeline.value.head).toBe(1);
  const reading = room.events({ after: 50 }).next();
  await expect(reading).rejects.toMatchObject({ code: "reset" });
});

it("S13 what is too large is refused by the client, and a long list of rooms goes in several frames", async () => {
  const { Socket, frames, sockets } = recordingSockets();
  const parley = services.client(await services.person(), { WebSocket: Socket });
  parley.connect();
  await untilOnline(parley);
  const large = parley.rooms.get("s13").send("x".repeat(4_001));
  await expect(large).rejects.toMatchObject({ code: "too_large", path: "/body" });
  const emoji = parley.rooms.get("s13").send("😀".repeat(2_500));
  await expect(emoji.stored()).resolves.toEqual({ seq: 1 });
  for (let i = 0; i < 200; i += 1) void collect(parley, `s13-${i}`, 0);
  const resumes = () => frames.filter((text) => text.includes('"resume"'));
  await until("asked for", () => resumes().length > 0);
  const sizes = resumes().map((text) => Object.keys(JSON.parse(text).rooms).length);
  expect(sizes).toEqual([150, 50]);
  await pause(300);
  expect(sockets).toHaveLength(2);
  await parley.close();
});
