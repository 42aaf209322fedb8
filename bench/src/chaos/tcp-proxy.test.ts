import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { findFreePort } from "@parley/devstack/ports";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";

/** So long that a busy machine without the proxy's delay still answers sooner. */
const DELAY_MS = 1_000;
const WAIT_DEADLINE_MS = 20_000;

let echo: Server;
let proxy: TcpProxy;
let port: number;

beforeEach(async () => {
  echo = createServer((socket) => void socket.on("error", () => undefined).pipe(socket));
  const upstream = await findFreePort();
  echo.listen(upstream, "127.0.0.1");
  await once(echo, "listening");
  port = await findFreePort();
  proxy = await TcpProxy.start(port, upstream);
});
afterEach(async () => {
  await proxy.close();
  echo.close();
});

async function open(): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function answered(socket: Socket, text: string): Promise<number> {
  const since = performance.now();
  socket.write(text);
  const [answer] = await once(socket, "data");
  expect(String(answer)).toBe(text);
  return performance.now() - since;
}

it("passes everything on", async () => {
  await answered(await open(), "hello");
});

it("breaks every connection when it is cut, and lets new ones in after it healed", async () => {
  const socket = await open();
  await answered(socket, "hello");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  proxy.cut();
  await closed;
  const refused = connect({ port, host: "127.0.0.1" });
  refused.on("error", () => undefined);
  await new Promise((resolve) => refused.on("close", resolve));
  proxy.heal();
  await answered(await open(), "again");
});

it("is late in both directions while it is slow", async () => {
  const socket = await open();
  proxy.slow(DELAY_MS);
  expect(await answered(socket, "late")).toBeGreaterThan(2 * DELAY_MS - 10);
  proxy.heal();
  expect(await answered(socket, "early")).toBeLessThan(DELAY_MS);
});

it("holds everything back while it is stalled, and loses nothing of it", async () => {
  const socket = await open();
  await answered(socket, "hello");
  proxy.slow(undefined);
  setTimeout(() => proxy.heal(), 200);
  expect(await answered(socket, "held")).toBeGreaterThan(180);
});

it("keeps the order of bytes when a delay ends while some are on their way", async () => {
  const socket = await open();
  const numbers = Array.from({ length: 400 }, (_, i) => `${i} `);
  let got = "";
  socket.on("data", (chunk) => {
    got += chunk;
  });
  for (const [i, number] of numbers.entries()) {
    if (i % 20 === 0) proxy.slow(30);
    if (i % 20 === 10) proxy.heal();
    socket.write(number);
    if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  proxy.heal();
  await vi.waitFor(() => expect(got).toBe(numbers.join("")), WAIT_DEADLINE_MS);
});
