import { expect, it, vi } from "vitest";
import { createTestClock } from "../src/test-clock.ts";
import type { LogRecord, Why } from "../src/types.ts";
import { fakePage, pause, recordingSockets } from "./recording-fixture.ts";
import { services } from "./running-fixture.ts";
import { until, untilOnline } from "./stack-fixture.ts";

/** Clients that are cut at once; 1,000 in the long form. */
const CLIENTS = Number(process.env.CLIENTS ?? 100);

/** S1 to S7 and S15: how connections are made, kept and made again. */
it("S1 open, release, open within 250 ms is one pair of sockets and one subscription", async () => {
  const { Socket, sockets, frames } = recordingSockets();
  const parley = services.client(await services.person(), { WebSocket: Socket });
  const room = parley.rooms.get("s1");
  room.open()();
  await pause(100);
  const release = room.open();
  await untilOnline(parley);
  await until("live", () => room.timeline.value.phase === "live");
  release();
  await pause(100);
  room.open();
  await pause(400);
  expect(sockets).toHaveLength(2);
  expect(frames.filter((text) => /"(subscribe|resume|unsubscribe)"/.test(text))).toHaveLength(1);
  expect(parley.status.value.state).toBe("online");
});

it("S2 clients that are cut at once come back spread evenly over the window", async () => {
  const person = await services.person();
  const entries: LogRecord[] = [];
  const clients = Array.from({ length: CLIENTS }, () => services.client(person, { entries }));
  for (const one of clients) one.connect();
  await until("all are online", () =>
    clients.every((one) => one.status.value.canHear && one.status.value.canSend),
  );
  services.cut();
  const retries = () => entries.filter(({ event, failures }) => event === "retry" && failures === 1);
  await until("all were cut", () => retries().length >= 2 * CLIENTS);
  await until("all are back", () => clients.every((one) => one.status.value.state === "online"));
  await Promise.all(clients.map((one) => one.close()));
  const delays = retries().map(({ delayMs }) => delayMs as number);
  const fifths = [0, 0, 0, 0, 0];
  for (const ms of delays) fifths[Math.floor(ms / 200)] = (fifths[Math.floor(ms / 200)] ?? 0) + 1;
  expect(fifths).toHaveLength(5);
  const fair = delays.length / 5;
  for (const count of fifths) expect(Math.abs(count - fair)).toBeLessThan(5 * Math.sqrt(fair));
});

it("S2 the back-off resets only after 30 s on line", async () => {
  const clock = createTestClock();
  const entries: LogRecord[] = [];
  const parley = services.client(await services.person(), { clock, entries });
  parley.connect();
  const failuresAfterCut = async () => {
    await untilOnline(parley);
    services.cut();
    await until("cut", () => !parley.status.value.canSend && !parley.status.value.canHear);
    const last = entries.filter(({ event, endpoint }) => event === "retry" && endpoint === "send").at(-1);
    clock.advance(9_000);
    return last?.failures;
  };
  expect(await failuresAfterCut()).toBe(1);
  expect(await failuresAfterCut()).toBe(2);
  await untilOnline(parley);
  clock.sleep(31_000);
  expect(await failuresAfterCut()).toBe(1);
});

it("S3 woken with an expired token it renews before any auth, and a failed renewal is a failed attempt", async () => {
  const clock = createTestClock();
  const { Socket, sockets } = recordingSockets();
  const person = await services.person();
  const story: string[] = [];
  let isFailing = false;
  const auth = async (why: Why) => {
    story.push(`${why}${isFailing ? " fails" : ""}`);
    if (isFailing) throw new Error("no network yet");
    return person.token;
  };
  const Told = class extends (Socket as unknown as typeof WebSocket) {
    override send(text: string): void {
      if (text.includes('"auth"')) story.push("auth");
      super.send(text);
    }
  };
  const parley = services.client(person, { clock, auth, WebSocket: Told as never });
  parley.connect();
  await untilOnline(parley);
  services.down();
  await until("cut", () => !parley.status.value.canSend && !parley.status.value.canHear);
  services.up();
  story.length = 0;
  isFailing = true;
  clock.sleep(16 * 60_000);
  await until("the renewal failed", () => story.length > 0 && parley.status.value.state === "retrying");
  isFailing = false;
  for (let i = 0; i < 20 && parley.status.value.state !== "online"; i += 1) {
    clock.advance(2_000);
    await pause(50);
  }
  await untilOnline(parley);
  expect(story[0]).toBe("expiring fails");
  const renewed = story.indexOf("expiring");
  expect(renewed).toBeGreaterThan(0);
  expect(story.indexOf("auth")).toBeGreaterThan(renewed);
  const before = sockets.length;
  for (const proxy of services.proxies) proxy.slow(undefined);
  services.proxies[0]?.cut();
  services.proxies[1]?.cut();
  await until("cut again", () => !parley.status.value.canSend && !parley.status.value.canHear);
  for (const proxy of services.proxies) {
    proxy.heal();
    proxy.slow(undefined);
  }
  clock.advance(4_000);
  await until("two sockets are CONNECTING", () => sockets.length === before + 2);
  await pause(100);
  expect(sockets.at(-1)?.readyState).toBe(0);
  clock.advance(10_000);
  services.up();
  for (let i = 0; i < 20 && parley.status.value.state !== "online"; i += 1) {
    clock.advance(2_000);
    await pause(50);
  }
  await untilOnline(parley);
  expect(sockets.length).toBeGreaterThanOrEqual(before + 4);
});

it("S4 a token that is refused twice is signed_out, and no third one is asked for", async () => {
  const asked: Why[] = [];
  const auth = async (why: Why) => {
    asked.push(why);
    return `not-a-token-${asked.length}`;
  };
  const parley = services.client({ token: "" }, { auth });
  parley.connect();
  await until("signed out", () => parley.status.value.state === "signed_out");
  expect(parley.status.value.error?.code).toBe("signed_out");
  await pause(1_500);
  await expect(parley.session.token()).rejects.toMatchObject({ code: "signed_out" });
  expect(asked).toEqual(["start", "refused"]);
});

it.each([-3_600_000, 3_600_000])("S5 a clock that is wrong by %i ms changes nothing", async (wrongMs) => {
  const now = Date.now.bind(Date);
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + wrongMs);
  const asked: Why[] = [];
  const person = await services.person();
  const auth = async (why: Why) => {
    asked.push(why);
    return person.token;
  };
  const parley = services.client(person, { auth });
  const room = parley.rooms.get(`s5-${wrongMs > 0 ? "fast" : "slow"}`);
  room.open();
  const first = await room.send("one", { expiresInMs: 5_000 }).stored();
  services.cut();
  const second = await room.send("two").stored();
  await until("shown", () => room.timeline.value.items.length === 2);
  expect([first.seq, second.seq]).toEqual([1, 2]);
  expect(room.timeline.value.items.map((one) => one.body)).toEqual(["one", "two"]);
  expect(asked).toEqual(["start"]);
  clock.mockRestore();
  await parley.close();
});

it("S6 hidden for 10 minutes with timers once a minute it closes nothing; seen again it asks, and replaces", async () => {
  const page = fakePage();
  const clock = createTestClock();
  const { Socket, sockets } = recordingSockets();
  const parley = services.client(await services.person(), { clock, WebSocket: Socket });
  parley.connect();
  await untilOnline(parley);
  page.show(false);
  for (let minute = 0; minute < 10; minute += 1) {
    clock.sleep(60_000);
    await pause(30);
  }
  expect(parley.status.value.state).toBe("online");
  expect(sockets).toHaveLength(2);
  page.show(true);
  await pause(100);
  clock.advance(3_000);
  expect(parley.status.value.state).toBe("online");
  for (const proxy of services.proxies) proxy.slow(undefined);
  page.show(true);
  clock.advance(3_000);
  expect(parley.status.value.state).toBe("retrying");
  services.cut();
  clock.advance(2_000);
  await untilOnline(parley);
  expect(sockets).toHaveLength(4);
  page.remove();
});

it("S7 pagehide closes both sockets, pageshow connects at once, old sockets are not heard any more", async () => {
  const page = fakePage();
  const { Socket, sockets } = recordingSockets();
  const parley = services.client(await services.person(), { WebSocket: Socket });
  parley.connect();
  await untilOnline(parley);
  const old = sockets.map(({ onmessage, onclose }) => ({ onmessage, onclose }));
  page.dispatch("pagehide");
  expect(sockets.every(({ readyState }) => readyState >= 2)).toBe(true);
  await pause(50);
  page.dispatch("pageshow");
  await untilOnline(parley);
  expect(sockets).toHaveLength(4);
  for (const { onmessage, onclose } of old) {
    onmessage?.({ data: '{"type":"token_expiring","inMs":1}' } as never);
    onclose?.({ code: 4403, reason: "" } as never);
  }
  expect(parley.status.value.state).toBe("online");
  await parley.close();
  expect(page.listeners()).toBe(0);
  page.remove();
});

it("S15 it authenticates by its first frame everywhere", async () => {
  const { Socket, frames, urls } = recordingSockets();
  const parley = services.client(await services.person(), { WebSocket: Socket });
  parley.connect();
  await untilOnline(parley);
  expect(frames.slice(0, 2).map((text) => JSON.parse(text).type)).toEqual(["auth", "auth"]);
  for (const url of urls) expect(url).toMatch(/\/ws$/);
});
