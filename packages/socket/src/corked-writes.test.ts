import type { Socket } from "node:net";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { writeCorked } from "./corked-writes.ts";

/** A socket that takes so long to write, and tells how many frames left at once. */
class SlowSocket {
  readonly written: number[] = [];
  writableCorked = 0;
  #waiting = 0;
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  cork(): void {
    this.writableCorked += 1;
  }

  write(): void {
    this.#waiting += 1;
  }

  uncork(): void {
    for (const end = performance.now() + this.#ms; performance.now() < end; );
    this.writableCorked -= 1;
    this.written.push(this.#waiting);
    this.#waiting = 0;
  }
}

const open = (ms: number) => {
  const socket = new SlowSocket(ms);
  const send = (bytes = Buffer.from("x")) => writeCorked(socket as unknown as Socket, bytes);
  return { socket, send };
};

/** How long the next write to 250 sockets waits after one that took long, ms. */
async function waitOf(bytesFor: (socket: number) => Buffer<ArrayBuffer>): Promise<number> {
  const sockets = Array.from({ length: 250 }, () => open(0.05));
  for (const [i, { send }] of sockets.entries()) send(bytesFor(i));
  await turn();
  await turn();
  const began = performance.now();
  for (const [i, { send }] of sockets.entries()) send(bytesFor(i));
  while ((sockets[0]?.socket.written.length ?? 0) < 2 && performance.now() - began < 1_000) await sleep(1);
  return performance.now() - began;
}

beforeEach(() => sleep(100));

test("what is written in one turn of the event loop leaves in one write, at its end", async () => {
  const { socket, send } = open(0);
  send();
  send();
  expect(socket.written).toEqual([]);
  await turn();
  await turn();
  expect(socket.written).toEqual([2]);
});

test("small writes do not wait for one another", async () => {
  const { socket, send } = open(0);
  for (let i = 0; i < 5; i += 1) {
    send();
    await turn();
    await turn();
  }
  expect(socket.written).toEqual([1, 1, 1, 1, 1]);
});

test("after a write that took long the next one takes along what comes meanwhile, and waits 25 ms at most", async () => {
  const { socket, send } = open(20);
  send();
  await turn();
  await turn();
  expect(socket.written).toEqual([1]);
  const began = performance.now();
  send();
  await turn();
  send();
  while (socket.written.length < 2 && performance.now() - began < 1_000) await sleep(1);
  expect(socket.written).toEqual([1, 2]);
  expect(performance.now() - began).toBeGreaterThan(20);
});

test("a room that is a crowd waits for more company than as many sockets in small rooms", async () => {
  const message = Buffer.from("x");
  expect(await waitOf(() => message)).toBeGreaterThan(50);
  await sleep(100);
  const rooms = Array.from({ length: 25 }, () => Buffer.from("x"));
  expect(await waitOf((socket) => rooms[Math.floor(socket / 10)] as Buffer<ArrayBuffer>)).toBeLessThan(50);
});

test("after a pause a write leaves at once again", async () => {
  const { socket, send } = open(20);
  send();
  await sleep(80);
  send();
  await turn();
  await turn();
  expect(socket.written).toEqual([1, 1]);
});
