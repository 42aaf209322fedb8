import { expect, it } from "vitest";
import { DoorFixture, LIMITS } from "./door-fixture.ts";
import { clientFrame, OPCODE, RawPeer } from "./raw-peer-fixture.ts";

/** A door that holds what a handshake is answered with, and sends one frame more after so many ms. */
const holding = (ms: number) =>
  DoorFixture.start(LIMITS, [], (connection) => {
    connection.hold();
    setTimeout(() => connection.send({ type: "subscribed" }), ms);
  });

it.each([
  [5, true],
  [60, false],
])("the answer to a handshake waits for the frame that comes %i ms later: %s", async (ms, isOneWrite) => {
  const fixture = await holding(ms);
  try {
    const peer = new RawPeer(`${fixture.url}?token=u1`);
    await peer.opened();
    expect(peer.frames.map(({ payload }) => JSON.parse(String(payload)).type)).toEqual(
      isOneWrite ? ["hello", "subscribed"] : ["hello"],
    );
    await peer.frame((payload) => payload.includes("subscribed"));
    peer.socket.destroy();
  } finally {
    await fixture.close();
  }
});

it("nothing comes after the answer to a close frame, also where that waits", async () => {
  const fixture = await holding(10);
  try {
    const close = Buffer.from([0x03, 0xe8]);
    const peer = new RawPeer(
      `${fixture.url}?token=u1`,
      clientFrame({ opcode: OPCODE.close, payload: close }),
    );
    await new Promise((resolve) => peer.socket.on("end", resolve));
    expect(peer.frames.map(({ opcode }) => opcode)).toEqual([OPCODE.text, OPCODE.close]);
    peer.socket.destroy();
  } finally {
    await fixture.close();
  }
});
