import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let writeCorked: typeof import("./corked-writes.ts").writeCorked;
let holdCorked: typeof import("./corked-writes.ts").holdCorked;

// Fake timers: the tests assert waiting times, which a busy machine would lengthen.
beforeEach(async () => {
  vi.resetModules();
  ({ writeCorked, holdCorked } = await import("./corked-writes.ts"));
  vi.useFakeTimers({ toFake: ["setTimeout", "setImmediate", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTime(ms);
/** The end of this turn of the event loop. */
const turn = () => pass(0);

/** A socket whose write takes `ms`; `written` has the number of frames of each write. */
class SlowSocket {
  readonly written: number[] = [];
  writableCorked = 0;
  writableLength = 0;
  #corkedFrames = 0;
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  cork(): void {
    this.writableCorked += 1;
  }

  write(bytes: Buffer): void {
    this.#corkedFrames += 1;
    this.writableLength += bytes.length;
  }

  uncork(): void {
    pass(this.#ms);
    this.writableCorked -= 1;
    this.written.push(this.#corkedFrames);
    this.#corkedFrames = 0;
    this.writableLength = 0;
  }
}

const open = (ms: number) => {
  const socket = new SlowSocket(ms);
  const send = (bytes = Buffer.from("x")) => writeCorked(socket as unknown as Socket, bytes);
  const hold = () => holdCorked(socket as unknown as Socket);
  return { socket, send, hold };
};

/** How long the next flush to 250 sockets waits after one that took 10 ms, ms. */
function waitOf(bytesFor: (socket: number) => Buffer<ArrayBuffer>): number {
  const sockets = Array.from({ length: 250 }, () => open(0.04));
  for (const [i, { send }] of sockets.entries()) send(bytesFor(i));
  turn();
  const began = performance.now();
  for (const [i, { send }] of sockets.entries()) send(bytesFor(i));
  while (sockets[0]?.socket.written.length === 1 && performance.now() - began < 1_000) pass(1);
  return Math.round(performance.now() - began - 10);
}

test("writes of one turn of the event loop are one system call at its end", () => {
  const { socket, send } = open(0);
  send();
  send();
  expect(socket.written).toEqual([]);
  turn();
  expect(socket.written).toEqual([2]);
});

test("small writes are flushed at the end of their own turn", () => {
  const { socket, send } = open(0);
  for (let i = 0; i < 5; i += 1) {
    send();
    turn();
  }
  expect(socket.written).toEqual([1, 1, 1, 1, 1]);
});

test("after a flush that took long the next one waits at most 25 ms and includes what was written meanwhile", () => {
  const { socket, send } = open(20);
  send();
  turn();
  expect(socket.written).toEqual([1]);
  const began = performance.now();
  send();
  turn();
  send();
  while (socket.written.length < 2 && performance.now() - began < 1_000) pass(1);
  expect(socket.written).toEqual([1, 2]);
  // The wait, and the 20 ms of the write itself.
  expect(performance.now() - began).toBeCloseTo(25 + 20, 0);
});

test("a large room waits longer than as many sockets in small rooms", () => {
  const message = Buffer.from("x");
  expect(waitOf(() => message)).toBe(90);
  pass(200);
  const rooms = Array.from({ length: 25 }, () => Buffer.from("x"));
  expect(waitOf((socket) => rooms[Math.floor(socket / 10)] as Buffer<ArrayBuffer>)).toBe(25);
});

test("busy sockets wait longer than those with few bytes", () => {
  const wait = (length: number) => {
    const { socket, send } = open(4);
    send(Buffer.alloc(length));
    turn();
    const began = performance.now();
    send(Buffer.alloc(length));
    while (socket.written.length < 2) pass(1);
    pass(1_000);
    return Math.round(performance.now() - began - 1_000 - 4);
  };
  expect(wait(4_095)).toBe(16);
  expect(wait(4_096)).toBe(36);
  expect(wait(50_000)).toBe(36);
});

test("after a pause a write is flushed at the end of its turn again", () => {
  const { socket, send } = open(20);
  send();
  turn();
  pass(80);
  send();
  turn();
  expect(socket.written).toEqual([1, 1]);
});

test("a held socket is written with what comes next for it, at most 25 ms later, and no other waits for it", () => {
  const [held, silent, other] = [open(0), open(0), open(0)];
  for (const { socket, hold } of [held, silent]) {
    hold();
    hold();
    socket.write(Buffer.from("HTTP/1.1 101"));
  }
  pass(10);
  other.send();
  turn();
  expect([held, silent, other].map(({ socket }) => socket.written)).toEqual([[], [], [1]]);
  held.send();
  held.send();
  turn();
  expect(held.socket.written).toEqual([3]);
  pass(14);
  expect(silent.socket.written).toEqual([]);
  pass(1);
  expect(silent.socket.written).toEqual([1]);
  expect([held, silent].map(({ socket }) => socket.writableCorked)).toEqual([0, 0]);
  expect(held.socket.written).toEqual([3]);
  pass(100);
  held.hold();
  held.send();
  turn();
  expect(held.socket.written).toEqual([3, 1]);
});

test("each held socket has its own 25 ms, whatever was held before", () => {
  const [first, second] = [open(0), open(0)];
  first.hold();
  pass(2);
  first.send();
  pass(18);
  second.hold();
  second.socket.write(Buffer.from("HTTP/1.1 101"));
  pass(24);
  expect(second.socket.written).toEqual([]);
  pass(1);
  expect(second.socket.written).toEqual([1]);
});
