import { expect, it } from "vitest";
import { memoryStore } from "../behaviour/recording-fixture.ts";
import { eventually } from "./eventually-fixture.ts";
import { createParley } from "./index.ts";
import { TestServer } from "./testing.ts";

it("knows the user's display name, also after a reload, from the answer that renews the session", async () => {
  const { options } = new TestServer();
  const first = createParley(options);
  first.connect();
  await first.session.signIn({ username: "alice", password: "correct horse battery" });
  expect(first.session.user.value).toMatchObject({ username: "alice", displayName: "alice" });
  await eventually(() => expect(first.status.value.state).toBe("online"));
  const second = createParley(options);
  second.connect();
  await eventually(() => expect(second.status.value.state).toBe("online"));
  expect(second.session.user.value).toMatchObject({ username: "alice", displayName: "alice" });
  await Promise.all([first.close(), second.close()]);
});

it("what somebody has left unsent is never sent for another person who signs in on the same page", async () => {
  const server = new TestServer();
  const parley = createParley(server.options);
  const room = parley.rooms.get("general");
  room.open();
  await parley.session.signIn({ username: "alice", password: "correct horse battery" });
  await eventually(() => expect(parley.status.value.state).toBe("online"));
  for (const command of ["message", "reaction"])
    server.refuse(command, "rate_limited", { retryAfterMs: 1_000 });
  const pending = room.send("alice's secret");
  const reaction = room.react(1, "👍").catch((error) => error);
  await eventually(() => expect(pending.error?.code).toBe("rate_limited"));
  await parley.session.signIn({ username: "bob", password: "correct horse battery" });
  await expect(pending).rejects.toMatchObject({ code: "signed_out" });
  expect(await reaction).toMatchObject({ code: "signed_out" });
  expect(parley.outbox.value).toEqual([]);
  await room.send("bob's own").stored();
  expect(server.events("general").map((event) => "body" in event && event.body)).toEqual(["bob's own"]);
  await parley.close();
});

it("a tab that learns late of the next person leaves what that one has kept in the store", async () => {
  const server = new TestServer();
  const store = memoryStore();
  const [one, two] = [createParley({ ...server.options, store }), createParley({ ...server.options, store })];
  await one.session.signIn({ username: "alice", password: "correct horse battery" });
  for (const tab of [one, two]) tab.connect();
  await eventually(() => expect(two.status.value.state).toBe("online"));
  await one.session.signIn({ username: "bob", password: "correct horse battery" });
  await eventually(() => expect(one.status.value.state).toBe("online"));
  server.refuse("message", "rate_limited", { retryAfterMs: 10_000 });
  const pending = one.rooms.get("general").send("kept");
  await eventually(() => expect(pending.error?.code).toBe("rate_limited"));
  server.expireTokens();
  server.cut();
  await eventually(() => expect(two.session.user.value?.username).toBe("bob"));
  await eventually(() => expect(two.status.value.state).toBe("online"));
  expect(await store.list("outbox/")).toEqual([
    [expect.any(String), expect.objectContaining({ body: "kept" })],
  ]);
  expect(await store.get("owner")).toBe("id-bob");
  await Promise.all([one.close(), two.close()]);
});

it("a tab that has read what somebody has left, and greets as the next person only, sends none of it", async () => {
  const server = new TestServer();
  const store = memoryStore();
  const one = createParley({ ...server.options, store });
  await one.session.signIn({ username: "alice", password: "correct horse battery" });
  one.connect();
  await eventually(() => expect(one.status.value.state).toBe("online"));
  server.refuse("message", "rate_limited", { retryAfterMs: 60_000 });
  const secret = one.rooms.get("general").send("alice's secret");
  secret.then(undefined, () => undefined);
  await eventually(async () => expect(await store.list("outbox/")).toHaveLength(1));
  let isCut = true;
  const { fetch = globalThis.fetch } = server.options;
  const two = createParley({
    ...server.options,
    store,
    fetch: (...request) => (isCut ? Promise.reject(new TypeError("cut")) : fetch(...request)),
  });
  two.connect();
  await eventually(() => expect(two.outbox.value).toHaveLength(1));
  await one.session.signIn({ username: "bob", password: "correct horse battery" });
  isCut = false;
  await eventually(() => expect(two.status.value.state).toBe("online"));
  expect(two.session.user.value).toMatchObject({ username: "bob" });
  await two.rooms.get("general").send("bob's own").stored();
  expect(server.events("general").map((event) => "body" in event && event.body)).toEqual(["bob's own"]);
  expect(two.outbox.value).toEqual([]);
  await Promise.all([one.close(), two.close()]);
});

it("signs out at the server first: where that cannot be reached, nothing is forgotten", async () => {
  const server = new TestServer();
  const parley = createParley(server.options);
  await parley.session.signIn({ username: "alice", password: "correct horse battery" });
  server.down();
  await expect(parley.session.signOut()).rejects.toMatchObject({ code: "network" });
  expect(parley.session.user.value).toMatchObject({ username: "alice" });
  server.heal();
  await parley.session.signOut();
  expect(parley.session.user.value).toBeNull();
  await parley.close();
});

it("a message that is refused for now says why and for how long, and is sent then", async () => {
  const server = new TestServer();
  const parley = createParley({ ...server.options, auth: server.auth("alice") });
  parley.connect();
  await eventually(() => expect(parley.status.value.state).toBe("online"));
  server.refuse("message", "rate_limited", { retryAfterMs: 50 });
  const pending = parley.rooms.get("general").send("Hello");
  const acked = pending.then(({ id }) => id);
  await eventually(() => expect(pending.error).toMatchObject({ code: "rate_limited", retryAfterMs: 50 }));
  expect(pending.state.value).toBe("queued");
  expect(await acked).toBe(pending.id);
  expect(pending.error).toBeUndefined();
  await parley.close();
});
