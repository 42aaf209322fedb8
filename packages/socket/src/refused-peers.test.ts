import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Client } from "./client-fixture.ts";
import { DoorFixture, LIMITS, opened } from "./door-fixture.ts";
import { clientFrame, OPCODE, RawPeer } from "./raw-peer-fixture.ts";

let fixture: DoorFixture;
beforeEach(async () => {
  fixture = await DoorFixture.start();
});
afterEach(() => fixture.close());

const ended = async (peer: RawPeer): Promise<number> => {
  const began = performance.now();
  if (!peer.socket.destroyed) await new Promise((resolve) => peer.socket.on("close", resolve));
  return performance.now() - began;
};

it("A: a refused first frame detaches the reader and ends TCP, whatever the peer goes on to send", async () => {
  const peer = new RawPeer(fixture.url);
  await peer.opened();
  peer.socket.write(clientFrame({ payload: '{"type":"auth","token":"nobody"}' }));
  expect(await peer.closeCode()).toBe(4401);
  const more = Buffer.alloc(1_024 * 1_024, clientFrame({ payload: "x" }));
  for (let i = 0; i < 20; i += 1) peer.socket.write(more);
  await new Promise((resolve) => setTimeout(resolve, 50));
  // The kernel takes some; the server reads none of it.
  expect(peer.socket.writableLength).toBeGreaterThan(8 * 1_024 * 1_024);
  expect(await ended(peer)).toBeLessThan(2_000);
});

it("A: a silent socket is ended at the deadline, and its slot is free", async () => {
  const silent = [new RawPeer(fixture.url), new RawPeer(fixture.url)];
  for (const peer of silent) await peer.opened();
  expect((await new Client(fixture.url).closed).code).toBe(4429);
  for (const peer of silent) {
    expect(await ended(peer)).toBeLessThan(5_600);
    expect(await peer.closeCode()).toBe(4401);
  }
  expect(fixture.door.pendingCount).toBe(0);
  const next = new Client(fixture.url);
  await once(next.ws, "open");
  next.send({ type: "auth", token: "u1" });
  await opened(next);
}, 15_000);

it("A: silent sockets that hold all places give way after a second", async () => {
  const silent = [new RawPeer(fixture.url), new RawPeer(fixture.url)];
  for (const peer of silent) await peer.opened();
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  const client = new Client(fixture.url);
  await once(client.ws, "open");
  expect(await silent[0]?.closeCode()).toBe(4429);
  client.send({ type: "auth", token: "u1" });
  await opened(client);
  expect(fixture.door.pendingCount).toBe(1);
});

it("A: a socket above the quota is ended within 2 s, and one that is closing keeps its slot until its TCP has ended", async () => {
  const ours = [1, 2, 3].map(() => new RawPeer(`${fixture.url}?token=u1`));
  for (const peer of ours) await peer.frame((text) => text.includes('"hello"'));
  const fourth = new RawPeer(`${fixture.url}?token=u1`);
  expect(await fourth.closeCode()).toBe(4429);
  expect(await ended(fourth)).toBeLessThan(2_000);
  // The raw peer does not answer the close frame: its TCP stays until the deadline.
  for (const connection of fixture.door.connections) connection.close(4408, "for the test");
  expect((await new Client(`${fixture.url}?token=u1`).closed).code).toBe(4429);
  await Promise.all(ours.map(ended));
  await opened(new Client(`${fixture.url}?token=u1`));
}, 15_000);

it.each([
  ["a path that is no socket's", "/nowhere", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", 404],
  ["a page of documents", "/docs/asyncapi", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", 404],
  ["no key", "/ws", "X: y", 400],
  [
    "a version that there is not",
    "/ws",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 99",
    400,
  ],
])(
  "A: an upgrade of %s is answered with a problem, and its TCP ends",
  async (_what, path, header, status) => {
    const socket = connect(Number(new URL(fixture.url).port), "127.0.0.1");
    const head = [
      `GET ${path} HTTP/1.1`,
      "Host: x",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      header,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    let text = "";
    socket.on("data", (data) => (text += data));
    await once(socket, "close", { signal: AbortSignal.timeout(2_000) });
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toContain("application/problem+json");
  },
);

it.each([
  ["whole", clientFrame({ payload: "x".repeat(8_193) })],
  ["begun", clientFrame({ payload: "x".repeat(60_000) }).subarray(0, 20_000)],
  [
    "in fragments",
    Buffer.concat(
      [1, 2, 3].map((n) =>
        clientFrame({ opcode: n === 1 ? OPCODE.text : 0, payload: "x".repeat(4_000), isLast: n === 3 }),
      ),
    ),
  ],
])("F: closes with 1009 for more than 8 KiB before authentication, %s", async (_what, bytes) => {
  const peer = new RawPeer(fixture.url);
  await peer.opened();
  peer.socket.write(bytes);
  expect(await peer.closeCode()).toBe(1009);
  expect(await ended(peer)).toBeLessThan(2_000);
});

it.each([
  ["in number", Array.from({ length: 65 }, () => clientFrame({ payload: "{}" }))],
  ["in bytes", Array.from({ length: 5 }, () => clientFrame({ payload: "x".repeat(8_000) }))],
])("A: frames that wait for the answer to auth are capped %s", async (_what, frames) => {
  const peer = new RawPeer(fixture.url);
  await peer.opened();
  peer.socket.write(Buffer.concat([clientFrame({ payload: '{"type":"auth","token":"u1"}' }), ...frames]));
  expect(await peer.closeCode()).toBe(4429);
});

it("F: a frame above frameBytes is answered too_large and the socket lives on; above four times it is closed with 1009", async () => {
  const client = new Client(`${fixture.url}?token=u1`);
  await opened(client);
  client.send(JSON.stringify({ room: "general", body: "x".repeat(262_000) }));
  expect(await client.frame((one) => one.type === "error")).toMatchObject({ code: "too_large", path: "" });
  client.send({ id: "m1", room: "general", body: "still here" });
  await client.frame((one) => one.type === "ack" && one.id === "m1");
  client.send("x".repeat(262_145));
  expect((await client.closed).code).toBe(1009);
});

it("A: fragments of one byte that hold large reads are closed before they hold much", async () => {
  await fixture.close();
  fixture = await DoorFixture.start({ ...LIMITS, isLimited: false });
  const peer = new RawPeer(`${fixture.url}?token=u1`);
  await peer.frame((text) => text.includes('"hello"'));
  const pongs = Buffer.alloc(131 * 500, clientFrame({ opcode: OPCODE.pong, payload: "p".repeat(125) }));
  peer.socket.write(clientFrame({ payload: "x", isLast: false }));
  for (let i = 0; i < 10 && !peer.socket.destroyed; i += 1) {
    peer.socket.write(Buffer.concat([clientFrame({ opcode: 0, payload: "x", isLast: false }), pongs]));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await peer.closeCode()).toBe(4429);
});
