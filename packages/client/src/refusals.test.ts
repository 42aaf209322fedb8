import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley, type Parley } from "./index.ts";
import { TestServer } from "./testing.ts";

const clients: Parley[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.close()));
});

describe("a session that is revoked", () => {
  const start = async (next: (server: TestServer) => string | undefined) => {
    const server = new TestServer();
    const first = server.token("alice");
    const asked: string[] = [];
    const auth = async (why: string) => {
      asked.push(why);
      return (why === "refused" ? next(server) : first) as string;
    };
    const parley = createParley({ ...server.options, auth });
    clients.push(parley);
    parley.connect();
    await eventually(() => expect(parley.status.value.state).toBe("online"));
    return { server, parley, asked };
  };

  it("goes on with another token, if the application has one: a service token was replaced", async () => {
    const { server, parley, asked } = await start((now) => now.token("alice"));
    server.expireTokens();
    server.cut(4403);
    await parley.rooms.get("general").send("with the new token").stored();
    expect(asked).toEqual(["start", "refused"]);
  });

  it.each(["the same token", undefined])("ends all that waits where auth gives %s", async (token) => {
    const { server, parley } = await start(() => token);
    const room = parley.rooms.get("general");
    const event = room.events()[Symbol.asyncIterator]().next();
    for (const type of ["message", "reaction"])
      server.refuse(type, "unavailable", { times: 9, retryAfterMs: 60_000 });
    const waiting = [room.send("unsent"), room.react(1, "+1"), event];
    for (const one of waiting) Promise.resolve(one).catch(() => undefined);
    server.expireTokens();
    server.cut(4403);
    await eventually(() => expect(parley.status.value.state).toBe("signed_out"));
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: "signed_out" });
    const later = [room.send("later"), room.events()[Symbol.asyncIterator]().next(), room.react(1, "+1")];
    for (const one of later) await expect(one).rejects.toMatchObject({ code: "signed_out" });
    expect(parley.outbox.value.map(({ state }) => state.value)).toEqual(["failed", "failed"]);
  });
});

it("a body that is no string fails by itself, and keeps nothing behind it waiting", async () => {
  const server = new TestServer();
  const parley = createParley({ ...server.options, auth: server.auth("alice") });
  clients.push(parley);
  const room = parley.rooms.get("general");
  const bad = room.send(undefined as unknown as string);
  await expect(bad).rejects.toMatchObject({ code: "bad_frame" });
  await room.send("good").stored();
  await expect(room.send(42 as unknown as string)).rejects.toMatchObject({ code: "bad_frame" });
});

it.each([
  ["no URL", { url: "localhost:8080" }],
  ["a WebSocket's URL", { url: "ws://localhost:8080" }],
  ["none", {}],
  ["one of three", { url: { auth: "http://a.test", send: "http://b.test" } }],
  ["a token for auth", { url: "http://a.test", auth: "token" }],
])("options with %s are refused at once", (_what, options) => {
  const { WebSocket } = new TestServer().options;
  expect(() => createParley({ WebSocket, ...options } as never)).toThrow(TypeError);
});
