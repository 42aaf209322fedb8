import { connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Client } from "./client-fixture.ts";
import { DoorFixture, LIMITS, opened } from "./door-fixture.ts";

/** The half-open connections that faults.md saw; each is ended by the server. */
const HALF_OPEN = 10_000;
const AT_ONCE = 500;

let fixture: DoorFixture;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await fixture.close();
});

function halfOpen(localAddress: string): Socket {
  const { hostname, port } = new URL(fixture.url);
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  socket.on("error", () => undefined);
  socket.resume();
  socket.write("GET /ws HTTP/1.1\r\nHost: a\r\n");
  sockets.push(socket);
  return socket;
}

/** Resolves when a socket is closed, also by a reset. */
const closed = (socket: Socket): Promise<unknown> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.on("close", resolve));

it("A: 10,000 half-open connections from one address do not lock others out, and end after 5 s", async () => {
  fixture = await DoorFixture.start({ ...LIMITS, connectionsPerAddress: 100 });
  for (let i = 0; i < HALF_OPEN; i += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, () => halfOpen("127.0.0.2"));
    await Promise.race([closed(some.at(-1) as Socket), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const open = sockets.filter((socket) => !socket.destroyed);
  expect(open.length).toBeLessThanOrEqual(100);
  const other = new Client(`${fixture.url}?token=u1`);
  await opened(other);
  await Promise.all(open.map(closed));
  const again = new Client(`${fixture.url}?token=u2`, { localAddress: "127.0.0.2" });
  await opened(again);
}, 30_000);

it("does not cap a proxy that is trusted", async () => {
  fixture = await DoorFixture.start({
    ...LIMITS,
    connectionsPerAddress: 2,
    isProxy: (address) => address === "127.0.0.2",
  });
  const some = Array.from({ length: 10 }, () => halfOpen("127.0.0.2"));
  await opened(new Client(`${fixture.url}?token=u1`));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(some.every((socket) => !socket.destroyed)).toBe(true);
});
