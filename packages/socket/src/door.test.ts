import { once } from "node:events";
import { get } from "node:http";
import { clientFrame, RawPeer } from "@parley/devstack/raw-peer";
import { PostFrame } from "@parley/protocol/client-frames";
import { Refusal } from "@parley/protocol/codes";
import { type App, buildHttp } from "@parley/runtime/http";
import { createLog } from "@parley/runtime/log";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { command } from "./command.ts";
import { type Door, openDoor } from "./door.ts";
import type { DoorLimits } from "./door-limits.ts";

const LIMITS: DoorLimits = {
  allowedOrigins: ["http://localhost:8083"],
  allowQueryToken: true,
  isLimited: true,
  socketsPerUser: 3,
  socketsPerAddress: 50,
  handshakesPerSecond: 1_000,
  unauthenticatedSockets: 2,
  socketsBytes: 256 * 1_024 * 1_024,
  drainMs: 100,
};

type Frame = Record<string, unknown> & { type: string };

/** A client that keeps what it was sent. */
class Client {
  readonly ws: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, options: object = {}) {
    this.ws = new WebSocket(url, options);
    this.ws.on("message", (bytes) => this.frames.push(JSON.parse(String(bytes))));
    this.ws.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      this.ws.on("close", (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  send(frame: unknown): void {
    this.ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  async frame(match: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(match);
      if (found) return found;
      await once(this.ws, "message");
    }
  }
}

const opened = (client: Client) => client.frame((frame) => frame.type === "hello");

describe("the door", () => {
  let app: App;
  let door: Door;
  let url: string;
  const heard: unknown[] = [];
  const revoked = new Set<string>();
  let revoke: (sessionId: string) => void;

  beforeEach(async () => {
    heard.length = 0;
    revoked.clear();
    const log = createLog("door-test", "silent");
    app = await buildHttp({
      service: "door-test",
      title: "door",
      description: "door",
      log,
      checks: {},
      allowedOrigins: [],
      trustProxy: false,
      bodyBytesMax: 16_384,
    });
    const verify = async (token: string) => {
      const [userId, sessionId = "s1", lifeMs = "900000"] = token.split("-");
      if (!userId?.startsWith("u")) throw new Refusal("unauthenticated", "the token is not valid");
      return { userId, username: `name-${userId}`, sessionId, expiresAt: Date.now() + Number(lifeMs) };
    };
    const post = command("message", PostFrame, (_connection, frame) => {
      if (frame.room === "slow") throw new Refusal("rate_limited", "too many messages", { retryAfterMs: 50 });
      heard.push(frame.body);
    });
    const identities = {
      verify,
      isRevoked: (sessionId: string) => revoked.has(sessionId),
      onRevoked: (listener: (sessionId: string) => void) => {
        revoke = (sessionId) => {
          revoked.add(sessionId);
          listener(sessionId);
        };
      },
    };
    door = await openDoor({
      app,
      service: "producer",
      identities,
      commands: [post],
      limits: LIMITS,
      log,
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const address = app.server.address();
    url = `ws://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/ws`;
  });

  afterEach(() => app.close());

  it("says hello to a token in the header, in the URL and in the first frame", async () => {
    const byHeader = new Client(url, { headers: { authorization: "Bearer u1" } });
    const byUrl = new Client(`${url}?token=u1`);
    const byFrame = new Client(url);
    await once(byFrame.ws, "open");
    byFrame.send({ type: "auth", token: "u2" });
    byFrame.send({ room: "general", body: "right behind" });
    for (const client of [byHeader, byUrl, byFrame]) {
      const hello = await opened(client);
      expect(hello).toMatchObject({ protocol: "parley.v1", service: "producer", heartbeatMs: 20_000 });
      expect(hello.limits).toEqual({ bodyLength: 4_000, frameBytes: 16_384, messagesPerSecond: 20 });
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

  it("answers an upgrade elsewhere with 404, and one that is no WebSocket's or has no key with an error of HTTP", async () => {
    const elsewhere = new WebSocket(url.replace(/ws$/, "other"), { headers: { authorization: "Bearer u1" } });
    elsewhere.on("error", () => undefined);
    const [, response] = await once(elsewhere, "unexpected-response");
    expect(response.statusCode).toBe(404);
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

  it("closes with 4401 whoever sends no token in 5 s", async () => {
    const client = new Client(url);
    const began = performance.now();
    expect((await client.closed).code).toBe(4401);
    expect(performance.now() - began).toBeGreaterThan(4_900);
  }, 10_000);

  it.each([
    ["no JSON", "{", "bad_json", undefined],
    ["an array", "[]", "bad_frame", ""],
    ["null", "null", "bad_frame", ""],
    ["no type", "{}", "bad_frame", "/type"],
    ["a type that is no text", '{"type":7}', "bad_frame", "/type"],
    ["an unknown type", '{"type":"dance"}', "unknown_type", "/type"],
    ["no body", '{"type":"message","room":"general"}', "bad_frame", "/body"],
    ["a body that is no text", '{"room":"general","body":7}', "bad_frame", "/body"],
    ["a blank body", '{"room":"general","body":" \\n"}', "bad_frame", "/body"],
    ["a body too long", JSON.stringify({ room: "general", body: "x".repeat(4_001) }), "too_large", "/body"],
    ["a NUL byte", '{"room":"general","body":"a\\u0000b"}', "bad_frame", "/body"],
    ["a lone surrogate", '{"room":"general","body":"a\\ud800b"}', "bad_frame", "/body"],
    ["a room with a bad name", '{"room":"No Room","body":"x"}', "bad_frame", "/room"],
    [
      "an id that is too long",
      JSON.stringify({ id: "i".repeat(65), room: "general", body: "x" }),
      "bad_frame",
      "/id",
    ],
  ])("answers %s with a typed error and lives on", async (_what, frame, code, path) => {
    const client = new Client(`${url}?token=u1`);
    await opened(client);
    client.send(frame);
    const error = await client.frame((one) => one.type === "error");
    expect(error).toMatchObject({ code, ...(path === undefined ? {} : { path }) });
    client.send({ room: "general", body: "still here" });
    client.send({ type: "ping" });
    await client.frame((one) => one.type === "pong");
    expect(heard).toEqual(["still here"]);
  });

  it("gives a refused frame its own id back", async () => {
    const client = new Client(`${url}?token=u1`);
    await opened(client);
    client.send({ type: "message", id: "m1", room: "general" });
    client.send({ type: "message", id: "m2", room: "slow", body: "x" });
    expect(await client.frame((one) => one.id === "m1")).toMatchObject({ code: "bad_frame", path: "/body" });
    expect(await client.frame((one) => one.id === "m2")).toMatchObject({
      code: "rate_limited",
      retryAfterMs: 50,
    });
  });

  it("closes with 4400 after ten bad frames", async () => {
    const client = new Client(`${url}?token=u1`);
    await opened(client);
    for (let i = 0; i < 12; i += 1) client.send("{");
    expect((await client.closed).code).toBe(4400);
    expect(client.frames.filter((frame) => frame.code === "bad_json")).toHaveLength(10);
  });

  it.each(["behind the handshake", "with the handshake"])(
    "reads auth, messages and half a message of one write in their order, %s",
    async (when) => {
      const bodies = ["one", "zwei ü", "three", "half of four"];
      const frames = bodies.map((body) =>
        clientFrame({ payload: JSON.stringify({ room: "general", body }) }),
      );
      const auth = clientFrame({ payload: '{"type":"auth","token":"u1"}' });
      const bytes = Buffer.concat([auth, ...frames]);
      const cut = bytes.length - 20;
      const isWith = when === "with the handshake";
      const peer = new RawPeer(url, bytes.subarray(0, isWith ? cut : 0));
      await peer.opened();
      if (!isWith) peer.socket.write(bytes.subarray(0, cut));
      await peer.frame((text) => text.includes('"hello"'));
      expect(heard).toEqual(bodies.slice(0, 3));
      peer.socket.write(Buffer.concat([bytes.subarray(cut), clientFrame({ payload: '{"type":"ping"}' })]));
      await peer.frame((text) => text.includes('"pong"'));
      expect(heard).toEqual(bodies);
      peer.socket.destroy();
    },
  );

  it("hears nothing behind the frame that closed the connection, though it came in the same write", async () => {
    const peer = new RawPeer(`${url}?token=u1`);
    await peer.frame((text) => text.includes('"hello"'));
    const good = clientFrame({ payload: '{"room":"general","body":"good"}' });
    const bad = Array.from({ length: 12 }, () => clientFrame({ payload: "{" }));
    peer.socket.write(Buffer.concat([good, ...bad, good]));
    expect(await peer.closeCode()).toBe(4400);
    expect(peer.frames.filter(({ payload }) => payload.includes("bad_json"))).toHaveLength(10);
    expect(heard).toEqual(["good"]);
    peer.socket.destroy();
  });

  it("answers binary frames with an error if they are text, and with 1007 if they are not", async () => {
    const peer = new RawPeer(`${url}?token=u1`);
    await peer.frame((text) => text.includes('"hello"'));
    peer.socket.write(clientFrame({ opcode: 2, payload: '{"room":"general","body":"x"}' }));
    expect(JSON.parse(await peer.frame((text) => text.includes('"error"')))).toMatchObject({
      code: "bad_frame",
    });
    peer.socket.write(clientFrame({ payload: '{"room":"general","body":"still here"}' }));
    peer.socket.write(clientFrame({ opcode: 2, payload: Buffer.from([0xff]) }));
    expect(await peer.closeCode()).toBe(1007);
    expect(heard).toEqual(["still here"]);
    peer.socket.destroy();
  });

  it("closes with 1009 for a frame of 1 MB and with 1007 for bytes that are not UTF-8", async () => {
    const large = new Client(`${url}?token=u1`);
    await opened(large);
    large.send("x".repeat(1_000_000));
    expect((await large.closed).code).toBe(1009);
    const garbled = new Client(`${url}?token=u1`);
    await opened(garbled);
    garbled.ws.send(Buffer.from([0xff, 0xfe, 0xfd]), { binary: false });
    expect((await garbled.closed).code).toBe(1007);
  });

  it("closes with 4429 beyond the sockets of one user and beyond those without a token", async () => {
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

  it("takes a new token of the same session, and only of that", async () => {
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

  it("closes with 4401 five seconds after the token's end", async () => {
    const client = new Client(`${url}?token=u1-s1-100`);
    await opened(client);
    const began = performance.now();
    expect(await client.closed).toMatchObject({ code: 4401, reason: "the token expired" });
    expect(performance.now() - began).toBeGreaterThan(4_800);
  }, 10_000);

  it("closes a revoked session with 4403, delivers nothing more to it and does not let it in again", async () => {
    const client = new Client(`${url}?token=u1-gone`);
    const other = new Client(`${url}?token=u1-stays`);
    await Promise.all([opened(client), opened(other)]);
    const before = [...door.connections];
    revoke("gone");
    for (const connection of before) connection.send({ type: "late" });
    expect((await client.closed).code).toBe(4403);
    expect(client.frames.map((frame) => frame.type)).toEqual(["hello"]);
    await other.frame((frame) => frame.type === "late");
    expect((await new Client(`${url}?token=u1-gone`).closed).code).toBe(4403);
  });

  it("closes with 4408 whoever does not read, and nobody else", async () => {
    const slow = new Client(`${url}?token=u1`);
    const fast = new Client(`${url}?token=u2`);
    await Promise.all([opened(slow), opened(fast)]);
    slow.ws.pause();
    const text = "x".repeat(10_000);
    for (
      let i = 0;
      i < 5_000 && [...door.connections].some((one) => one.isOpen && one.identity.userId === "u1");
      i += 1
    ) {
      for (const connection of door.connections) connection.send({ type: "flood", i, text });
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.ws.resume();
    expect((await slow.closed).code).toBe(4408);
    expect(fast.ws.readyState).toBe(WebSocket.OPEN);
    const seen = slow.frames.filter((frame) => frame.type === "flood").map((frame) => frame.i);
    expect(seen).toEqual(seen.map((_, i) => i));
    expect(seen.length).toBeGreaterThan(100);
  }, 30_000);

  it("closes the slowest when too much waits for all together", async () => {
    const limits = { ...LIMITS, socketsBytes: 700_000 };
    Object.assign(door.options, { limits });
    const readers = await Promise.all(
      [900_000, 300_000].map(async (bytes, i) => {
        const client = new Client(`${url}?token=u${i + 5}`);
        await opened(client);
        client.ws.pause();
        const connection = [...door.connections].find((one) => one.identity.userId === `u${i + 5}`);
        for (let left = bytes + 5_000_000; left > 0 && (connection?.waiting ?? 0) < bytes; left -= 20_000) {
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
