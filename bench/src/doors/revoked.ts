/**
 * How soon a revoked session is out of both sockets: `npm run bench:doors-revoked -w @parley/bench [tries] [tries with
 * NATS cut]`. The time runs from the moment when the logout is asked for until the socket's close has arrived.
 */
import { once } from "node:events";
import type { Stack } from "@parley/devstack/stack";
import { openSessions, registerUsers, type Session, socketUrl, withStack } from "./stack.ts";
import { openSocket } from "./traffic.ts";

const TRIES = Number(process.argv[2] ?? 50);
const TRIES_CUT = Number(process.argv[3] ?? 6);
const REVOKED = 4403;
/** Tries with NATS cut begin so far apart, to meet all phases of the poll, ms. */
const APART_MS = 2_500;
const BUCKETS_MS = [
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1_000,
  2_000,
  4_000,
  8_000,
  16_000,
  Number.POSITIVE_INFINITY,
];
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Connects to both, logs out, and gives the time until each has closed, ms. */
async function timeToClose(stack: Stack, { token }: Session): Promise<number[]> {
  const sockets = await Promise.all(
    (["ws-producer", "ws-consumer"] as const).map((service) => openSocket(socketUrl(stack, service), token)),
  );
  const from = performance.now();
  const closes = sockets.map(async (ws) => {
    const [code] = await once(ws, "close", { signal: AbortSignal.timeout(40_000) });
    if (code !== REVOKED) throw new Error(`closed with ${code}`);
    return performance.now() - from;
  });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${stack.urls.auth}/api/v1/logout`, { method: "POST", headers });
  if (!answer.ok) throw new Error(`logout answered ${answer.status}`);
  return Promise.all(closes);
}

function printHistogram(name: string, times: readonly number[]): void {
  say(`${name}: ${times.length} closes, slowest ${Math.max(...times).toFixed(1)} ms`);
  let least = 0;
  for (const most of BUCKETS_MS) {
    const count = times.filter((ms) => ms >= least && ms < most).length;
    if (count > 0)
      say(`  ${String(least).padStart(6)} to ${String(most).padEnd(8)} ms ${"#".repeat(count)} ${count}`);
    least = most;
  }
}

await withStack({}, async (stack) => {
  await registerUsers(stack, 1);
  const times: number[] = [];
  for (const session of await openSessions(stack, TRIES, 1))
    times.push(...(await timeToClose(stack, session)));
  printHistogram("revoked", times);
});
// Auth speaks to a port where nobody listens, so that only the poll can find what it revokes.
await withStack({ serviceEnv: { auth: { NATS_URL: "nats://127.0.0.1:1" } } }, async (stack) => {
  await registerUsers(stack, 1);
  const sessions = await openSessions(stack, TRIES_CUT, 1);
  const tries = sessions.map(async (session, i) => {
    await new Promise((resolve) => setTimeout(resolve, i * APART_MS));
    return timeToClose(stack, session);
  });
  printHistogram("revoked with the NATS path cut", (await Promise.all(tries)).flat());
});
