import { once } from "node:events";
import { WebSocket } from "ws";
import { cpuOf } from "./measure/proc.ts";
import { startParley } from "./targets/parley.ts";

/**
 * `node bench/src/presence.ts [users] [rounds]`: users come on line, open a room of ten and go off line again, and again.
 * Shows what a coming or going costs each process, that watchers are told, and that the log and the writer see none.
 */
const [USERS = 2_000, ROUNDS = 3] = process.argv.slice(2).map(Number);
const PER_ROOM = 10;
const AT_ONCE = 50;
const REGISTRATIONS = 8;
/** Longer than the grace after which somebody counts as off line, ms. */
const REST_MS = 4_000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(url: string, token: string, room: string, onPresence: () => void): Promise<WebSocket> {
  const ws = new WebSocket(`${url}?room=${room}`, { headers: { authorization: `Bearer ${token}` } });
  ws.on("message", (bytes: Buffer) => {
    if (bytes.includes('"type":"presence"')) onPresence();
  });
  await once(ws, "open");
  return ws;
}

async function main(): Promise<void> {
  const target = await startParley();
  try {
    process.stdout.write(`registering ${USERS} users: passwords are hashed slowly on purpose\n`);
    const tokens: string[] = [];
    const register = async () => {
      while (tokens.length + underway < USERS) {
        underway += 1;
        const [token] = await target.tokens(1);
        underway -= 1;
        if (token !== undefined) tokens.push(token);
      }
    };
    let underway = 0;
    await Promise.all(Array.from({ length: REGISTRATIONS }, register));
    const url = target.endpoint.consumer as string;
    let told = 0;
    const before = await cpuOf(target.pids());
    const began = performance.now();
    for (let round = 0; round < ROUNDS; round += 1) {
      const sockets: WebSocket[] = [];
      for (let i = 0; i < USERS; i += AT_ONCE) {
        const some = tokens.slice(i, i + AT_ONCE);
        const opened = some.map((token, n) =>
          open(url, token, `presence-${Math.floor((i + n) / PER_ROOM)}`, () => {
            told += 1;
          }),
        );
        sockets.push(...(await Promise.all(opened)));
      }
      await sleep(REST_MS);
      for (const socket of sockets) socket.close();
      await sleep(REST_MS);
    }
    const seconds = (performance.now() - began) / 1_000;
    const after = await cpuOf(target.pids());
    const changes = USERS * ROUNDS * 2;
    process.stdout.write(
      `${USERS} users on and off line ${ROUNDS} times in ${seconds.toFixed(1)} s: ${changes} changes\n`,
    );
    process.stdout.write(`presence frames to people with a room in common: ${told}\n`);
    for (const name of Object.keys(after)) {
      const us = ((after[name] ?? 0) - (before[name] ?? 0)) / changes;
      process.stdout.write(`  ${name.padEnd(12)} ${us.toFixed(0)} µs CPU a change, handshake included\n`);
    }
    process.stdout.write(`entries stored: ${await target.stored()}\n`);
    if ((await target.stored()) !== 0) process.exitCode = 1;
  } finally {
    await target.stop();
  }
}

await main();
