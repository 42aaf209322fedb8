import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { clientFrame, OPCODE, RawPeer } from "@parley/devstack/raw-peer";
import { FRAME_BYTES_MAX } from "@parley/protocol/limits";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { readFrames } from "./frame-reader.ts";

/** What a server heard of one peer, and what it answered. */
type Heard = { events: string[][]; answers: string[][]; strings: number };
type Accepted = { ws: WebSocket; socket: Socket; heard: Heard };

let server: WebSocketServer;
let url: string;

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false });
  await once(server, "listening");
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on("connection", (ws, request) => {
    const heard: Heard = { events: [], answers: [], strings: 0 };
    const { events } = heard;
    if (request.url === "/read") readFrames(ws);
    ws.on("message", (data: string | Buffer, isBinary: boolean) => {
      if (typeof data === "string") heard.strings += 1;
      events.push([isBinary ? "binary" : "text", String(data)]);
    });
    ws.on("ping", (data) => events.push(["ping", String(data)]));
    ws.on("pong", (data) => events.push(["pong", String(data)]));
    ws.on("error", (error) => events.push(["error", error.message]));
    ws.on("close", (code, reason) => events.push(["close", String(code), String(reason)]));
    const socket = (ws as unknown as { _socket: Socket })._socket;
    server.emit("accepted", { ws, socket, heard } satisfies Accepted);
  });
});
afterAll(() => {
  for (const ws of server.clients) ws.terminate();
  server.close();
});

async function open(path: "/read" | "/ws"): Promise<{ peer: RawPeer } & Accepted> {
  const accepted = once(server, "accepted") as Promise<[Accepted]>;
  const peer = new RawPeer(url + path);
  await peer.opened();
  return { peer, ...(await accepted)[0] };
}

/** Sends each piece when the one before has been read, so that each is a chunk of its own at the server. */
async function send(peer: RawPeer, socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    const wanted = socket.bytesRead + piece.length;
    peer.socket.write(piece);
    while (socket.bytesRead < wanted && !socket.destroyed) await new Promise(setImmediate);
  }
}

async function hear(path: "/read" | "/ws", pieces: readonly Buffer[]): Promise<Heard> {
  const { peer, ws, socket, heard } = await open(path);
  const closed = new Promise((resolve) => ws.on("close", resolve));
  await send(peer, socket, pieces);
  peer.socket.end();
  await closed;
  if (!peer.socket.closed) await once(peer.socket, "close");
  heard.answers = peer.frames.map(({ opcode, payload }) => [String(opcode), payload.toString("hex")]);
  return heard;
}

/** What is heard with the reader; it must be what ws alone hears and answers. */
async function hearBoth(pieces: readonly Buffer[]): Promise<Heard> {
  const { events, answers } = await hear("/ws", pieces);
  const heard = await hear("/read", pieces);
  expect(heard).toMatchObject({ events, answers });
  return heard;
}

const text = (payload: string | Buffer) => clientFrame({ payload });
const texts = ({ events }: Heard) => events.filter(([what]) => what === "text").map(([, body]) => body);
const closeFrame = (code: number, reason = "") =>
  clientFrame({
    opcode: OPCODE.close,
    payload: Buffer.from([code >> 8, code & 0xff, ...Buffer.from(reason)]),
  });
const closeWith = (code: number) => ["8", code.toString(16).padStart(4, "0")];

const BODIES = ["", "a", "ab", "abc", "grün 🌱", "x".repeat(125), "y".repeat(126), "é".repeat(70), "end"];

it("reads many frames of one write", async () => {
  const heard = await hearBoth([Buffer.concat(BODIES.map(text))]);
  expect(texts(heard)).toEqual(BODIES);
  expect(heard.strings).toBe(BODIES.length);
});

it("reads frames that are cut anywhere, and those that come byte by byte", async () => {
  const bodies = ["", "a", "grün 🌱", "y".repeat(126), "end"];
  const ping = clientFrame({ opcode: OPCODE.ping, payload: "are you there" });
  const bytes = Buffer.concat([...bodies.slice(0, 3).map(text), ping, ...bodies.slice(3).map(text)]);
  const { peer, socket, heard } = await open("/read");
  for (let cut = 1; cut < bytes.length; cut += 1)
    await send(peer, socket, [bytes.subarray(0, cut), bytes.subarray(cut)]);
  await send(
    peer,
    socket,
    Array.from(bytes, (byte) => Buffer.from([byte])),
  );
  const head = [...bodies.slice(0, 3).map((body) => ["text", body]), ["ping", "are you there"]];
  const all = [...head, ...bodies.slice(3).map((body) => ["text", body])];
  expect(heard.events).toEqual(Array.from({ length: bytes.length }, () => all).flat());
  expect(heard.strings).toBe(bytes.length * bodies.length);
  peer.socket.destroy();
});

it("answers pings between texts and hears pongs", async () => {
  const ping = clientFrame({ opcode: OPCODE.ping, payload: "p".repeat(125) });
  const pong = clientFrame({ opcode: OPCODE.pong });
  const heard = await hearBoth([Buffer.concat([text("1"), ping, text("2"), pong, text("3")])]);
  expect(heard.events.map(([what]) => what)).toEqual(["text", "ping", "text", "pong", "text", "close"]);
  expect(heard.answers).toEqual([["10", Buffer.from("p".repeat(125)).toString("hex")]]);
  expect(heard.strings).toBe(3);
});

it.each([125, 126, FRAME_BYTES_MAX])("reads a text of %d bytes", async (length) => {
  const heard = await hearBoth([Buffer.concat([text("x".repeat(length)), text("behind")])]);
  expect(texts(heard)).toEqual(["x".repeat(length), "behind"]);
  expect(heard.strings).toBe(2);
});

it.each([FRAME_BYTES_MAX + 1, 65_535, 65_536])("closes with 1009 for a text of %d bytes", async (length) => {
  const heard = await hearBoth([text("before"), text("x".repeat(length)).subarray(0, 1_000)]);
  expect(texts(heard)).toEqual(["before"]);
  expect(heard.answers).toEqual([closeWith(1009)]);
});

it.each([
  ["a frame without a mask", clientFrame({ payload: "x", mask: null }), 1002],
  ["a ping without a mask", clientFrame({ opcode: OPCODE.ping, mask: null }), 1002],
  ["a ping of 126 bytes", clientFrame({ opcode: OPCODE.ping, payload: "x".repeat(126) }), 1002],
  ["a ping in fragments", clientFrame({ opcode: OPCODE.ping, isLast: false }), 1002],
  ["an unknown opcode", clientFrame({ opcode: 3 }), 1002],
  ["a compressed text nobody agreed on", clientFrame({ opcode: 0x41, payload: "x" }), 1002],
  ["a continuation of nothing", clientFrame({ opcode: OPCODE.continuation }), 1002],
  ["bytes that are not UTF-8", text(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x63])), 1007],
  [
    "bytes that only their mask makes UTF-8",
    clientFrame({ payload: Buffer.from([0x9e, 0x9d, 0x9c]), mask: [0xff, 0xff, 0xff, 0xff] }),
    1007,
  ],
  ["a surrogate", text(Buffer.from([0xed, 0xa0, 0x80])), 1007],
  ["a text that ends within a character", text(Buffer.from("é").subarray(0, 1)), 1007],
  ["a close code that may not be sent", closeFrame(1005), 1002],
])("refuses %s as ws does, and hears nothing behind it", async (_what, frame, code) => {
  const heard = await hearBoth([Buffer.concat([text("before"), frame, text("behind")]), text("late")]);
  expect(texts(heard)).toEqual(["before"]);
  expect(heard.answers).toEqual([closeWith(code)]);
});

it("leaves fragments, binary frames and what is behind them to ws, with a ping in the middle", async () => {
  const heard = await hearBoth([
    Buffer.concat([
      text("before"),
      clientFrame({ payload: "in ", isLast: false }),
      clientFrame({ opcode: OPCODE.ping, payload: "middle" }),
      clientFrame({ opcode: OPCODE.continuation, payload: "two", isLast: true }),
      clientFrame({ opcode: OPCODE.binary, payload: "bytes" }),
      text("behind").subarray(0, 4),
    ]),
    text("behind").subarray(4),
  ]);
  const events = [
    ["text", "before"],
    ["ping", "middle"],
    ["text", "in two"],
    ["binary", "bytes"],
  ];
  expect(heard.events.slice(0, -1)).toEqual([...events, ["text", "behind"]]);
});

it("refuses a text within fragments as ws does", async () => {
  const heard = await hearBoth([clientFrame({ payload: "in ", isLast: false }), text("between")]);
  expect(heard.answers).toEqual([closeWith(1002)]);
});

it.each([
  ["a code", closeFrame(1000, "bye"), ["8", `03e8${Buffer.from("bye").toString("hex")}`]],
  ["none", clientFrame({ opcode: OPCODE.close }), ["8", ""]],
])("answers a close with %s and hears nothing behind it", async (_what, frame, answer) => {
  const whole = await hearBoth([Buffer.concat([text("before"), frame, text("behind")]), text("late")]);
  const cut = await hearBoth([Buffer.concat([text("before"), frame.subarray(0, 5)]), frame.subarray(5)]);
  for (const heard of [whole, cut]) {
    expect(texts(heard)).toEqual(["before"]);
    expect(heard.answers).toEqual([answer]);
  }
});

it("hears what is on its way while it closes, until the peer answers", async () => {
  const { peer, ws, socket, heard } = await open("/read");
  ws.close(1012, "come back");
  await send(peer, socket, [Buffer.concat([text("on its way"), closeFrame(1012), text("behind")])]);
  await once(ws, "close");
  expect(heard.events).toEqual([
    ["text", "on its way"],
    ["close", "1012", ""],
  ]);
});

it("hears what a paused socket still has when it breaks, also where a frame was cut", async () => {
  const { peer, ws, socket, heard } = await open("/read");
  const frame = text("in two pieces");
  await send(peer, socket, [frame.subarray(0, 7)]);
  ws.pause();
  await send(peer, socket, [Buffer.concat([frame.subarray(7), text("behind")])]);
  expect(heard.events).toEqual([]);
  ws.terminate();
  await once(ws, "close");
  expect(texts(heard)).toEqual(["in two pieces", "behind"]);
});

it("ends without a word when the peer goes in the middle of a frame", async () => {
  const heard = await hearBoth([text("before"), text("never whole").subarray(0, 9)]);
  expect(heard.events).toEqual([
    ["text", "before"],
    ["close", "1006", ""],
  ]);
});

const mask = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
const body = fc.string({ unit: "grapheme", maxLength: 200 });
const control = fc.record({
  opcode: fc.constantFrom(OPCODE.ping, OPCODE.pong),
  payload: fc.string({ unit: "grapheme-ascii", maxLength: 20 }),
  mask,
});
const rare = fc.record({ opcode: fc.constantFrom(OPCODE.binary, OPCODE.continuation), payload: body, mask });
const frames = fc.array(
  fc.oneof(
    { weight: 80, arbitrary: fc.record({ payload: body, mask }) },
    { weight: 20, arbitrary: control },
    { weight: 1, arbitrary: rare },
  ),
  { minLength: 1, maxLength: 30 },
);

it("hears what ws hears, whatever is sent and wherever it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), async (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(clientFrame));
      const at = [
        0,
        ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ];
      const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
      const heard = await hearBoth(pieces.filter((piece) => piece.length > 0));
      const isPlain = sent.every((frame) => !("opcode" in frame) || frame.opcode >= OPCODE.ping);
      const bodies = sent.filter((frame) => !("opcode" in frame)).map(({ payload }) => payload);
      if (!isPlain) return;
      expect(texts(heard)).toEqual(bodies);
      expect(heard.strings).toBe(bodies.length);
    }),
    { seed: 6455, numRuns: 100 },
  );
});
