import { expect, it, vi } from "vitest";
import { createParley } from "./index.ts";
import { TestServer } from "./testing.ts";

it("knows the user's display name, also after a reload, from the answer that renews the session", async () => {
  const { options } = new TestServer();
  const first = createParley(options);
  first.connect();
  await first.session.signIn({ username: "alice", password: "correct horse battery" });
  expect(first.session.user.value).toMatchObject({ username: "alice", displayName: "alice" });
  await vi.waitFor(() => expect(first.status.value.state).toBe("online"));
  const second = createParley(options);
  second.connect();
  await vi.waitFor(() => expect(second.status.value.state).toBe("online"));
  expect(second.session.user.value).toMatchObject({ username: "alice", displayName: "alice" });
  await Promise.all([first.close(), second.close()]);
});

it("a message that is refused for now says why and for how long, and is sent then", async () => {
  const server = new TestServer();
  const parley = createParley({ ...server.options, auth: server.auth("alice") });
  parley.connect();
  await vi.waitFor(() => expect(parley.status.value.state).toBe("online"));
  server.refuse("message", "rate_limited", { retryAfterMs: 50 });
  const pending = parley.rooms.get("general").send("Hello");
  const acked = pending.then(({ id }) => id);
  await vi.waitFor(() => expect(pending.error).toMatchObject({ code: "rate_limited", retryAfterMs: 50 }));
  expect(pending.state.value).toBe("queued");
  expect(await acked).toBe(pending.id);
  expect(pending.error).toBeUndefined();
  await parley.close();
});
