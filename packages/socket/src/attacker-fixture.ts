import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { clientFrame, OPCODE, RawPeer } from "./raw-peer-fixture.ts";

/** Bytes of one write of an attacker: what one read of the server takes at most. */
const WRITE_BYTES = 64 * 1_024;
/** Pause before an attacker whose socket was ended opens the next one, ms. */
const RECONNECT_MS = 100;

type Attack = Readonly<{
  /** Whether the attacker has a good token. */
  hasToken: boolean;
  /** What it sends first. */
  first?: Buffer;
  /** The `n`th write after that. */
  write: (n: number) => Buffer;
}>;

const text = (frame: object): Buffer => clientFrame({ payload: JSON.stringify(frame) });

/** As many frames as fit into one write; `make` gets a number that never comes twice. */
const fill =
  (make: (serial: number) => Buffer) =>
  (n: number): Buffer => {
    const frames: Buffer[] = [];
    let bytes = 0;
    for (let i = 0; bytes < WRITE_BYTES; i += 1) {
      const frame = make(n * WRITE_BYTES + i);
      frames.push(frame);
      bytes += frame.length;
    }
    return Buffer.concat(frames);
  };

const constant = (make: () => Buffer) => {
  const bytes = fill(make)(0);
  return () => bytes;
};

const freshRooms = (serial: number) =>
  Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`r${serial}-${i}`, 0]));
const AUTH = text({ type: "auth", token: "nobody" });
/** A fragment of one byte among pongs that fill the read, so that the fragment holds all of it. */
const FRAGMENT_READ = Buffer.concat([
  clientFrame({ opcode: OPCODE.continuation, payload: "x", isLast: false }),
  constant(() => clientFrame({ opcode: OPCODE.pong, payload: "p".repeat(125) }))(),
]);

/** What a hostile socket may send, by name. */
export const ATTACKS = {
  pings: { hasToken: true, write: constant(() => clientFrame({ opcode: OPCODE.ping })) },
  pongs: { hasToken: true, write: constant(() => clientFrame({ opcode: OPCODE.pong })) },
  messages: { hasToken: true, write: constant(() => text({ room: "general", body: "x" })) },
  typing: { hasToken: true, write: fill((n) => text({ type: "typing", room: `r${n}`, isTyping: true })) },
  "bad frames": { hasToken: true, write: constant(() => clientFrame({ payload: "{" })) },
  "frames too large": {
    hasToken: true,
    write: constant(() => clientFrame({ payload: "x".repeat(200_000) })),
  },
  auth: { hasToken: true, write: fill((n) => text({ type: "auth", token: `nobody${n}` })) },
  resume: { hasToken: true, write: fill((n) => text({ type: "resume", rooms: freshRooms(n) })) },
  "one-byte fragments": {
    hasToken: true,
    first: clientFrame({ payload: "x", isLast: false }),
    write: () => FRAGMENT_READ,
  },
  "frames after a refused one": {
    hasToken: false,
    first: AUTH,
    write: constant(() => clientFrame({ payload: "x" })),
  },
  "pongs and no token": { hasToken: false, write: constant(() => clientFrame({ opcode: OPCODE.pong })) },
  "half a large frame and no token": {
    hasToken: false,
    write: constant(() => clientFrame({ payload: "x".repeat(200_000) }).subarray(0, WRITE_BYTES)),
  },
} as const satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;

/**
 * Sends as fast as one socket takes it, or one write each `everyMs`, and opens another one when that was ended, until
 * `until`. Resolves with the bytes.
 */
export async function attack(
  open: () => Socket,
  { first, write }: Pick<Attack, "first" | "write">,
  until: number,
  everyMs = 0,
): Promise<number> {
  let bytes = 0;
  for (let n = 0; performance.now() < until; ) {
    const socket = open();
    if (first !== undefined) socket.write(first);
    const isOver = () => socket.destroyed || performance.now() > until;
    while (!isOver()) {
      const dueAt = performance.now() + everyMs;
      const chunk = write(n++);
      bytes += chunk.length;
      const isTaken = socket.write(chunk);
      while (!isTaken && socket.writableNeedDrain && !isOver()) await sleep(1);
      if (isTaken) await sleep(Math.max(0, dueAt - performance.now()));
    }
    socket.destroy();
    await sleep(RECONNECT_MS);
  }
  return bytes;
}

/** Runs a program that is an attacker in a process of its own. Resolves with the bytes it sent, which it prints. */
export async function runAttacker(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(child, "close");
  return Number(output);
}

// As a program, so that an attacker has an event loop of its own: node attacker-fixture.ts URL ATTACKER NAME SOCKETS MS.
// Attacker 9 is user `u9`, whose token the door of `DoorFixture` takes, at 127.0.0.9. It prints how many bytes left.
const [, program, url, attacker, name, sockets, ms] = process.argv;
if (program?.endsWith("attacker-fixture.ts") && url !== undefined) {
  const until = performance.now() + Number(ms);
  const kind = ATTACKS[name as AttackName];
  const address = kind.hasToken ? `${url}?token=u${attacker}` : url;
  const open = () => new RawPeer(address, undefined, `127.0.0.${attacker}`).socket;
  const attacks = Array.from({ length: Number(sockets) }, () => attack(open, kind, until));
  process.stdout.write(String((await Promise.all(attacks)).reduce((sum, bytes) => sum + bytes, 0)));
}
