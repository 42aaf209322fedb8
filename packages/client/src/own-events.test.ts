import { expect, it } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley } from "./index.ts";
import { TestServer } from "./testing.ts";

it("own events are resumed over cuts, and end with `reset` where the server has not kept all", async () => {
  const server = new TestServer();
  const parley = createParley({ ...server.options, auth: server.auth("alice") });
  const events = parley.events({ after: 0 });
  const next = async () => (await events.next()).value?.seq;
  server.post("@me", "alice", "stands for an own event");
  expect(await next()).toBe(1);
  server.cut();
  server.post("@me", "alice", "another");
  expect(await next()).toBe(2);
  server.down();
  for (let i = 0; i < 1_100; i += 1) server.post("@me", "alice", `event ${i}`);
  server.heal();
  await expect(events.next()).rejects.toMatchObject({ code: "reset" });
  await parley.close();
});

it("the place in the own events of one user is not resumed for the next one", async () => {
  const server = new TestServer();
  const parley = createParley(server.options);
  const password = "correct horse battery";
  parley.connect();
  await parley.session.signIn({ username: "alice", password });
  await eventually(() => expect(parley.status.value.state).toBe("online"));
  const seen: unknown[] = [];
  const release = parley.presence("id-eve").subscribe((value) => seen.push(value));
  const own = { type: "session_opened", room: "@me", seq: 9, at: "2026-01-01T00:00:00Z" };
  const presence = {
    type: "presence",
    user: { id: "id-eve", username: "eve" },
    isOnline: true,
    lastSeen: null,
  };
  for (const socket of server.sockets)
    if (socket.endpoint === "listen") for (const frame of [own, presence]) socket.push(frame);
  await eventually(() => expect(seen).toContainEqual({ isOnline: true, lastSeen: null }));
  release();
  await parley.session.signIn({ username: "bob", password });
  await eventually(() => expect(parley.session.user.value?.username).toBe("bob"));
  await eventually(() => expect(parley.status.value.state).toBe("online"));
  expect(server.sockets.flatMap(({ sent }) => sent.filter(({ type }) => type === "resume"))).toEqual([]);
  await parley.close();
});
