import { once } from "node:events";
import { get } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Client } from "./client-fixture.ts";
import { DoorFixture, LIMITS, opened } from "./door-fixture.ts";

let fixture: DoorFixture;
let url: string;
let heard: unknown[];
beforeEach(async () => {
  fixture = await DoorFixture.start();
  ({ url, heard } = fixture);
});
afterEach(() => fixture.close());

describe("the door", () => {
  it("accepts a token in the header, in the URL and in the first frame", async () => {
    const byHeader = new Client(url, { headers: { authorization: "Bearer u1" } });
    const byUrl = new Client(`${url}?token=u1`);
    const byFrame = new Client(url);
    await once(byFrame.ws, "open");
    byFrame.send({ type: "auth", token: "u2" });
    byFrame.send({ room: "general", body: "right behind" });
    for (const client of [byHeader, byUrl, byFrame]) {
      const hello = await opened(client);
      expect(hello).toMatchObject({ protocol: "parley.v1", service: "producer", heartbeatMs: 20_000 });
      expect(hello.limits).toEqual({
        bodyLength: 4_000,
        frameBytes: 65_536,
        messagesPerSecond: 20,
        roomsPerResume: 150,
        roomsPerSocket: 500,
        workPerSecond: 100,
        workBurst: 1_000,
        costs: { message: 1, auth: 5, ping: 0 },
      });
      expect(hello.commands).toEqual(["message", "auth", "ping"]);
    }
    byFrame.send({ type: "ping", id: "p1" });
    expect(await byFrame.frame((frame) => frame.type === "pong")).toMatchObject({ id: "p1" });
    expect(heard).toEqual(["right behind"]);
  });

  it.each([
    ["a bad token in the header", { headers: { authorization: "Bearer nobody" } }, "", 401],
    ["a header of another scheme", { headers: { authorization: "Basic u1" } }, "", 401],
    ["a bad token in the URL", {}, "?token=nobody", 401],
    ["two tokens in the URL", {}, "?token=u1&token=u2", 401],
    ["another origin", { headers: { authorization: "Bearer u1", origin: "http://evil.example" } }, "", 403],
  ])("refuses %s before the upgrade", async (_what, options, query, status) => {
    const ws = new WebSocket(url + query, options);
    const [, response] = await once(ws, "unexpected-response");
    expect(response.statusCode).toBe(status);
    expect(response.headers["content-type"]).toContain("application/problem+json");
    expect(response.headers["x-content-type-options"]).toBe("nosniff");
    ws.on("error", () => undefined);
    ws.terminate();
  });

  it("answers an upgrade of another path with 404, and one of another protocol or without a key with 400", async () => {
    const elsewhere = new WebSocket(url.replace(/ws$/, "other"), { headers: { authorization: "Bearer u1" } });
    elsewhere.on("error", () => undefined);
    const [, response] = await once(elsewhere, "unexpected-response");
    expect(response.statusCode).toBe(404);
    await once(response.socket, "close");
    for (const upgrade of ["h2c", "websocket"]) {
      const headers = { connection: "upgrade", upgrade, authorization: "Bearer u1" };
      const request = get(url.replace("ws:", "http:"), { headers });
      const [answer] = (await once(request, "response")) as [{ statusCode: number; resume: () => void }];
      answer.resume();
      expect(answer.statusCode).toBe(400);
    }
  });

  it.each([
    ["a message", '{"room":"general","body":"x"}'],
    ["a bad token", '{"type":"auth","token":"nobody"}'],
    ["no JSON", "hello"],
  ])("closes with 4401 when the first frame is %s", async (_what, first) => {
    const client = new Client(url);
    await once(client.ws, "open");
    client.send(first);
    expect((await client.closed).code).toBe(4401);
    expect(client.frames).toMatchObject([{ type: "error", code: "unauthenticated" }]);
    expect(heard).toEqual([]);
  });

  it("closes with 4401 when the token does not open this service, and says so", async () => {
    const client = new Client(url);
    await once(client.ws, "open");
    client.send('{"type":"auth","token":"scopeless"}');
    expect((await client.closed).code).toBe(4401);
    expect(client.frames).toMatchObject([{ type: "error", code: "forbidden" }]);
  });

  it("closes with 4401 without a token within 5 s", async () => {
    const client = new Client(url);
    const began = performance.now();
    expect((await client.closed).code).toBe(4401);
    expect(performance.now() - began).toBeGreaterThan(4_900);
  }, 10_000);

  it("closes with 4429 above the sockets of one user, and above the unauthenticated sockets", async () => {
    const ours = await Promise.all(
      [1, 2, 3].map(async () => {
        const client = new Client(`${url}?token=u1`);
        await opened(client);
        return client;
      }),
    );
    expect((await new Client(`${url}?token=u1`).closed).code).toBe(4429);
    ours[0]?.ws.close();
    await ours[0]?.closed;
    await opened(new Client(`${url}?token=u1`));
    const silent = [new Client(url), new Client(url)];
    await Promise.all(silent.map((client) => once(client.ws, "open")));
    expect((await new Client(url).closed).code).toBe(4429);
  });

  it("accepts a new token of the same user and session, and no other", async () => {
    const client = new Client(`${url}?token=u1-s1-59000`);
    await client.frame((frame) => frame.type === "token_expiring");
    client.send({ type: "auth", id: "a1", token: "u1-s1" });
    client.send({ type: "auth", id: "a2", token: "u2-s1" });
    client.send({ type: "auth", id: "a3", token: "nobody" });
    expect(await client.frame((frame) => frame.id === "a1")).toMatchObject({ type: "authenticated" });
    expect(await client.frame((frame) => frame.id === "a2")).toMatchObject({
      type: "error",
      code: "forbidden",
    });
    expect(await client.frame((frame) => frame.id === "a3")).toMatchObject({
      type: "error",
      code: "unauthenticated",
    });
    expect(client.ws.readyState).toBe(WebSocket.OPEN);
  });

  it("closes with 4401 five seconds after the token expired", async () => {
    const client = new Client(`${url}?token=u1-s1-100`);
    await opened(client);
    const began = performance.now();
    expect(await client.closed).toMatchObject({ code: 4401, reason: "the token expired" });
    expect(performance.now() - began).toBeGreaterThan(4_800);
  }, 10_000);

  it("closes a revoked session with 4403, delivers nothing more to it and refuses it from then on", async () => {
    const client = new Client(`${url}?token=u1-gone`);
    const other = new Client(`${url}?token=u1-stays`);
    await Promise.all([opened(client), opened(other)]);
    const before = [...fixture.door.connections];
    fixture.revoke("gone");
    for (const connection of before) connection.send({ type: "late" });
    expect((await client.closed).code).toBe(4403);
    expect(client.frames.map((frame) => frame.type)).toEqual(["hello"]);
    await other.frame((frame) => frame.type === "late");
    expect((await new Client(`${url}?token=u1-gone`).closed).code).toBe(4403);
  });

  it("closes with 4408 a client that does not read, and no other", async () => {
    const slow = new Client(`${url}?token=u1`);
    const fast = new Client(`${url}?token=u2`);
    await Promise.all([opened(slow), opened(fast)]);
    slow.ws.pause();
    const text = "x".repeat(10_000);
    for (
      let i = 0;
      i < 5_000 && [...fixture.door.connections].some((one) => one.isOpen && one.identity.userId === "u1");
      i += 1
    ) {
      for (const connection of fixture.door.connections) connection.send({ type: "flood", i, text });
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.ws.resume();
    expect((await slow.closed).code).toBe(4408);
    expect(fast.ws.readyState).toBe(WebSocket.OPEN);
    const seen = slow.frames.filter((frame) => frame.type === "flood").map((frame) => frame.i);
    expect(seen).toEqual(seen.map((_, i) => i));
    expect(seen.length).toBeGreaterThan(100);
  }, 30_000);

  it("closes the slowest when the unsent bytes of all exceed the limit", async () => {
    await fixture.close();
    fixture = await DoorFixture.start({ ...LIMITS, socketsBytes: 700_000 });
    url = fixture.url;
    const readers = await Promise.all(
      [900_000, 300_000].map(async (bytes, i) => {
        const client = new Client(`${url}?token=u${i + 5}`);
        await opened(client);
        client.ws.pause();
        const connection = [...fixture.door.connections].find((one) => one.identity.userId === `u${i + 5}`);
        for (
          let left = bytes + 5_000_000;
          left > 0 && (connection?.unsentBytes ?? 0) < bytes;
          left -= 20_000
        ) {
          connection?.send({ type: "flood", text: "x".repeat(20_000) });
          await new Promise((resolve) => setImmediate(resolve));
        }
        return client;
      }),
    );
    for (const client of readers) setTimeout(() => client.ws.resume(), 600);
    expect((await readers[0]?.closed)?.code).toBe(4408);
    expect(readers[1]?.ws.readyState).toBe(WebSocket.OPEN);
  }, 20_000);
});
