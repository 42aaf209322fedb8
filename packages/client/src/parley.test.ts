import { afterEach, expect, it } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley, type Options, type Parley, type SocketClass } from "./index.ts";
import { createTestClock, TestServer } from "./testing.ts";

let clients: Parley[] = [];
afterEach(async () => {
  await Promise.all(clients.map((one) => one.close()));
  clients = [];
});

function setUp(more: Partial<Options> = {}, username = "alice") {
  const server = new TestServer();
  const client = (name = username) => {
    const parley = createParley({ ...server.options, auth: server.auth(name), ...more });
    clients.push(parley);
    return parley;
  };
  return { server, client, parley: client() };
}

const online = (parley: Parley) => eventually(() => expect(parley.status.value.state).toBe("online"));
const texts = (parley: Parley, room: string) =>
  parley.rooms.get(room).timeline.value.items.map(({ body }) => body);

it("opens nothing by itself", async () => {
  const { server, parley } = setUp();
  parley.rooms.get("general").on("message", () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(server.sockets).toEqual([]);
  expect(parley.status.value.state).toBe("idle");
});

it("sends in order through refusals, one unacknowledged message per room", async () => {
  const { server, parley } = setUp();
  const room = parley.rooms.get("general");
  room.open();
  await online(parley);
  server.refuse("message", "rate_limited", { times: 2, retryAfterMs: 20 });
  const sent = ["a", "b", "c"].map((body) => room.send(body));
  await Promise.all(sent);
  expect(server.events("general").map((one) => one.type === "message" && one.body)).toEqual(["a", "b", "c"]);
  await eventually(() => expect(texts(parley, "general")).toEqual(["a", "b", "c"]));
  expect(parley.outbox.value).toEqual([]);
});

it("sends a message again after 10 s that the server has dropped without an answer", async () => {
  const clock = createTestClock();
  const server = new TestServer();
  let dropped = 0;
  class Dropping extends (server.options.WebSocket as SocketClass) {
    override send(text: string): void {
      if (text.includes('"type":"message"') && dropped === 0) dropped += 1;
      else super.send(text);
    }
  }
  const parley = createParley({ ...server.options, auth: server.auth("alice"), clock, WebSocket: Dropping });
  clients.push(parley);
  const room = parley.rooms.get("general");
  room.open();
  await online(parley);
  const sent = room.send("hello");
  await eventually(() => expect(dropped).toBe(1));
  clock.advance(10_000);
  await sent;
  expect(server.events("general")).toHaveLength(1);
});

it("keeps a failed message in sight, with its reason, until it is sent again or discarded", async () => {
  const { server, parley } = setUp();
  const room = parley.rooms.get("general");
  room.open();
  await online(parley);
  server.refuse("message", "not_a_member", { times: 2 });
  const failed = room.send("hello");
  const other = room.send("other");
  await eventually(() => expect(other.state.value).toBe("failed"));
  expect(failed.error?.code).toBe("not_a_member");
  expect(parley.outbox.value).toHaveLength(2);
  failed.retry();
  await failed.stored();
  expect(other.discard()).toBe(true);
  await eventually(() => expect(texts(parley, "general")).toEqual(["hello"]));
});

it("stops after a fault that a retry cannot mend, until somebody connects anew", async () => {
  const { server, parley } = setUp();
  const release = parley.connect();
  await online(parley);
  server.cut(4400, "too many bad frames");
  await eventually(() =>
    expect(parley.status.value).toMatchObject({ state: "stopped", error: { code: "bad_frame" } }),
  );
  release();
  parley.connect();
  await online(parley);
});

it("waits at least as long as a restarting server asks for", async () => {
  const clock = createTestClock();
  const { server, parley } = setUp({ clock });
  parley.connect();
  await online(parley);
  server.cut(1012, '{"retryAfterMs":5000}');
  await eventually(() => expect(parley.status.value.state).toBe("retrying"));
  expect(parley.status.value.retryInMs).toBeGreaterThanOrEqual(5_000);
  clock.advance(4_999);
  expect(server.sockets).toHaveLength(2);
  clock.advance(1_001);
  await online(parley);
});

it("shows what others do: edits, deletions, reactions, typing, presence", async () => {
  const { parley, client } = setUp();
  const bob = client("bob");
  const mine = parley.rooms.get("general");
  const theirs = bob.rooms.get("general");
  mine.open();
  theirs.open();
  await mine.send("one").stored();
  await eventually(() => expect(texts(bob, "general")).toEqual(["one"]));
  theirs.keystroke();
  await eventually(() => expect(mine.typing.value).toEqual([{ id: "id-bob", username: "bob" }]));
  await theirs.react(1, "👍");
  await mine.edit(1, "two");
  await eventually(() =>
    expect(theirs.timeline.value.items[0]).toMatchObject({
      body: "two",
      reactions: [{ emoji: "👍", mine: true }],
    }),
  );
  await theirs.send("three");
  await eventually(() => expect(mine.typing.value).toEqual([]));
  await mine.remove(1);
  await eventually(() => expect(texts(bob, "general")).toEqual(["", "three"]));
  const presence = parley.presence("id-bob");
  const stop = presence.subscribe(() => undefined);
  await eventually(() => expect(presence.value?.isOnline).toBe(true));
  stop();
});

it("reads a room event by event over cuts, and says when the server has gone back", async () => {
  const { server, parley } = setUp();
  for (let i = 1; i <= 3; i += 1) server.post("general", "bob", `text ${i}`);
  const events = parley.rooms.get("general").events({ after: 1 });
  const next = async () => (await events.next()).value?.seq;
  expect([await next(), await next()]).toEqual([2, 3]);
  server.cut();
  server.post("general", "bob", "text 4");
  expect(await next()).toBe(4);
  server.restore("general", 2);
  await expect(events.next()).rejects.toMatchObject({ code: "reset" });
});

it("shows a message once whose place comes with a page, or that is behind a gap", async () => {
  const { server, parley } = setUp();
  const room = parley.rooms.get("general");
  await room.send("before the page");
  room.open();
  await eventually(() => expect(room.timeline.value.phase).toBe("live"));
  expect(texts(parley, "general")).toEqual(["before the page"]);
  server.down();
  const late = room.send("in the hole");
  for (let n = 0; n < 1_100; n += 1) server.post("general", "bob", `text ${n}`);
  server.heal();
  await late;
  for (let n = 0; n < 1_100; n += 1) server.post("general", "bob", `more ${n}`);
  await eventually(() => expect(room.timeline.value.head).toBe(server.events("general").length));
  expect(texts(parley, "general").filter((text) => text === "in the hole").length).toBeLessThanOrEqual(1);
});

it("S14 1,000 faults of all kinds in simulated time: each message once and in order", async () => {
  const clock = createTestClock(7);
  const { random } = createTestClock(11);
  const { server, parley } = setUp({ clock });
  const room = parley.rooms.get("general");
  room.open();
  const heard: number[] = [];
  void (async () => {
    for await (const { seq } of room.events({ after: 0 })) heard.push(seq);
  })().catch(() => undefined);
  const pass = async (ms: number) => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const codes = [1001, 1006, 1012, 4408, 4503];
  const faults = [
    () => server.cut(codes[Math.floor(random() * codes.length)]),
    () => server.stall(),
    () => server.down(),
    () => server.refuse("message", "overloaded", { retryAfterMs: 50 }),
    () => server.refuse("resume", "unavailable"),
  ];
  const sent: string[] = [];
  for (let n = 0; n < 1_000; n += 1) {
    sent.push(room.send(`mine ${n}`).id);
    server.post("general", "bob", `text ${n}`);
    faults[Math.floor(random() * faults.length)]?.();
    for (let i = 0; i < 4; i += 1) await pass(random() * 1_500);
    server.heal();
    for (let i = 0; i < 4; i += 1) await pass(random() * 1_500);
  }
  const isDone = () => parley.outbox.value.length === 0 && heard.length === server.events("general").length;
  for (let i = 0; i < 500 && !isDone(); i += 1) await pass(5_000);
  const events = server.events("general");
  expect(heard).toEqual(events.map(({ seq }) => seq));
  expect(events.filter(({ author }) => author.username === "alice").map(({ id }) => id)).toEqual(sent);
  expect(room.timeline.value.head).toBe(events.length);
  const shown = room.timeline.value.items.map(({ id }) => id);
  expect(shown).toEqual(events.slice(-shown.length).map(({ id }) => id));
});

it("memory and timers are flat over an hour of simulated traffic", async () => {
  const clock = createTestClock();
  const { server, parley } = setUp({ clock });
  const room = parley.rooms.get("general");
  room.open();
  await online(parley);
  await eventually(() => expect(room.timeline.value.phase).toBe("live"));
  for (let second = 0; second < 3_600; second += 1) {
    server.post("general", "bob", `text ${second}`);
    if (second % 60 === 0) void room.send(`mine ${second}`);
    if (second % 600 === 599) server.cut();
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  clock.advance(10_000);
  await eventually(() => expect(room.timeline.value.head).toBe(server.events("general").length));
  expect(room.timeline.value.items.length).toBeLessThanOrEqual(1_000);
  expect(parley.outbox.value).toEqual([]);
  expect(clock.pending).toBeLessThan(50);
});

it("shows nothing of one user to the next, and begins its rooms when somebody signs in", async () => {
  const server = new TestServer();
  const parley = createParley(server.options);
  clients.push(parley);
  const room = parley.rooms.get("general");
  room.open();
  await eventually(() => expect(parley.status.value.state).toBe("signed_out"));
  await parley.session.signIn({ username: "alice", password: "correct horse battery" });
  await room.send("hello").stored();
  await eventually(() => expect(texts(parley, "general")).toEqual(["hello"]));
  await parley.session.signOut();
  expect(texts(parley, "general")).toEqual([]);
  await parley.session.signIn({ username: "bob", password: "correct horse battery" });
  await eventually(() => expect(texts(parley, "general")).toEqual(["hello"]));
  expect(parley.session.user.value?.username).toBe("bob");
});
