import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client } from "./client-fixture.ts";
import { DoorFixture, opened } from "./door-fixture.ts";
import { clientFrame, OPCODE, RawPeer } from "./raw-peer-fixture.ts";

let fixture: DoorFixture;
let url: string;
let heard: unknown[];
beforeEach(async () => {
  fixture = await DoorFixture.start();
  ({ url, heard } = fixture);
});
afterEach(() => fixture.close());

describe("frames at the door", () => {
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
  ])("answers %s with a typed error and stays open", async (_what, frame, code, path) => {
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

  it("answers a refused frame with its id", async () => {
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

  it.each(["in the URL", "in a frame"])(
    "J: a send followed at once by a clean close is handled, with the token %s",
    async (where) => {
      const message = clientFrame({ payload: JSON.stringify({ room: "general", body: `closed, ${where}` }) });
      const close = clientFrame({ opcode: OPCODE.close, payload: Buffer.from([0x03, 0xe8]) });
      const auth = clientFrame({ payload: '{"type":"auth","token":"u1"}' });
      const bytes = where === "in a frame" ? [auth, message, close] : [message, close];
      const peer = new RawPeer(where === "in a frame" ? url : `${url}?token=u1`);
      await peer.opened();
      peer.socket.write(Buffer.concat(bytes));
      expect(await peer.closeCode()).toBe(1000);
      await expect.poll(() => fixture.heard).toContain(`closed, ${where}`);
      await expect.poll(() => fixture.door.connections.size).toBe(0);
    },
  );

  it.each(["behind the handshake", "with the handshake"])(
    "handles auth, messages and half a message of one write in order, %s",
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

  it("ignores frames after the one that closed the connection, in the same write", async () => {
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

  it("reads a message in fragments with a ping in the middle, and answers the ping", async () => {
    const peer = new RawPeer(`${url}?token=u1`);
    await peer.frame((text) => text.includes('"hello"'));
    peer.socket.write(
      Buffer.concat([
        clientFrame({ payload: '{"room":"general",', isLast: false }),
        clientFrame({ opcode: OPCODE.ping, payload: "middle" }),
        clientFrame({ opcode: OPCODE.continuation, payload: '"body":"in two"}' }),
        clientFrame({ payload: '{"type":"ping"}' }),
      ]),
    );
    await peer.frame((text) => text.includes('"pong"'));
    expect(heard).toEqual(["in two"]);
    expect(peer.frames.find(({ opcode }) => opcode === OPCODE.pong)?.payload.toString()).toBe("middle");
    peer.socket.destroy();
  });

  const fragment = (opcode: number) => clientFrame({ opcode, isLast: false });
  it.each([
    ["a frame without a mask", [clientFrame({ payload: "x", mask: null })], 1002],
    ["a ping of 126 bytes", [clientFrame({ opcode: OPCODE.ping, payload: "x".repeat(126) })], 1002],
    ["an unknown opcode", [clientFrame({ opcode: 3 })], 1002],
    ["a compressed text that nobody agreed on", [clientFrame({ opcode: 0x41, payload: "x" })], 1002],
    ["a continuation of nothing", [clientFrame({ opcode: OPCODE.continuation })], 1002],
    ["a text within fragments", [fragment(OPCODE.text), clientFrame({ payload: "x" })], 1002],
    ["a surrogate", [clientFrame({ payload: Buffer.from([0xed, 0xa0, 0x80]) })], 1007],
    [
      "17 fragments",
      [fragment(OPCODE.text), ...Array.from({ length: 16 }, () => fragment(OPCODE.continuation))],
      1008,
    ],
  ])("closes at %s and ignores what follows", async (_what, frames, code) => {
    const peer = new RawPeer(`${url}?token=u1`);
    await peer.frame((text) => text.includes('"hello"'));
    const [before, behind] = ["before", "behind"].map((body) =>
      clientFrame({ payload: JSON.stringify({ room: "general", body }) }),
    ) as [Buffer, Buffer];
    peer.socket.write(Buffer.concat([before, ...frames, behind]));
    expect(await peer.closeCode()).toBe(code);
    expect(heard).toEqual(["before"]);
    peer.socket.destroy();
  });

  it("closes with 1008 for a frame that comes in more than 256 chunks", async () => {
    const peer = new RawPeer(`${url}?token=u1`);
    await peer.frame((text) => text.includes('"hello"'));
    peer.socket.setNoDelay(true);
    const bytes = clientFrame({ payload: JSON.stringify({ room: "general", body: "x".repeat(2_000) }) });
    for (const byte of bytes) {
      if (peer.socket.destroyed) break;
      peer.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await peer.closeCode()).toBe(1008);
    expect(heard).toEqual([]);
    peer.socket.destroy();
  });
});
