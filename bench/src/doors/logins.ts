/**
 * What a flood of logins does to everybody else, on a whole Parley: `npm run bench:doors-logins -w @parley/bench
 * [seconds] [logins at once]`. New sockets are opened with tokens that have to be verified, and open sockets send
 * messages; quiet and beside the flood in turns.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { join } from "node:path";
import type { Flood } from "../auth-flood.ts";
import { openSessions, registerUsers, socketUrl, withStack } from "./stack.ts";
import { addTraffic, describe, inTurn, newTraffic, runTraffic, type Traffic, Writers } from "./traffic.ts";

const SECONDS = Number(process.argv[2] ?? 20);
const LOGINS = Number(process.argv[3] ?? 64);
const WRITERS = 10;
/** More than are used while the verifier remembers one (5 s). */
const SESSIONS = 600;
const MESSAGE_EVERY_MS = 10;
const HANDSHAKE_EVERY_MS = 15;
const TURNS = 4;
/** How long the flood has been under way when the measurement begins, s. */
const FLOOD_LEAD_S = 1;
/** What waits in the queue when the flood ends has been hashed by then, s. */
const FLOOD_REST_S = 2;
const FLOOD_NICENESS = 10;
const say = (line: string) => void process.stdout.write(`${line}\n`);

async function peakMib(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8"))
    .trim()
    .split(" ")
    .map(Number);
  let kib = 0;
  for (const one of [pid, ...children])
    kib += Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${one}/status`, "utf8"))?.[1] ?? 0);
  return Math.round(kib / 1_024);
}

/** The flood in a process of its own, which yields to others: in earnest it comes from other machines. */
async function startFlood(url: string, seconds: number, waits: boolean): Promise<Flood> {
  const args = [url, String(seconds), String(LOGINS), String(waits)];
  const child = fork(join(import.meta.dirname, "../auth-flood.ts"), args);
  if (child.pid !== undefined) setPriority(child.pid, FLOOD_NICENESS);
  const [outcome] = (await once(child, "message")) as [Flood];
  return outcome;
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1_000));
const p99 = (traffic: Traffic, what: "acks" | "handshakes") => traffic[what].getValueAtPercentile(99);
const times = (loud: Traffic, quiet: Traffic, what: "acks" | "handshakes") =>
  (p99(loud, what) / p99(quiet, what)).toFixed(2);

await withStack({}, async (stack) => {
  await registerUsers(stack, LOGINS);
  const sessions = await openSessions(stack, SESSIONS, LOGINS);
  const producer = socketUrl(stack, "ws-producer");
  const writers = new Writers(producer);
  await writers.open(sessions.slice(0, WRITERS));
  const plan = {
    writers,
    messageEveryMs: MESSAGE_EVERY_MS,
    handshakeEveryMs: HANDSHAKE_EVERY_MS,
    urls: [producer],
    sessions: inTurn(sessions),
  };
  const report = (name: string, traffic: Traffic) => {
    say(`${name}: ${describe("verified handshakes", traffic.handshakes)}; ${describe("acks", traffic.acks)}`);
    say(`  failed handshakes ${traffic.failed.length}, messages without an ack ${traffic.unacked}`);
  };
  const auth = stack.service("auth").pid ?? 0;
  await runTraffic({ ...plan, seconds: 3 });
  for (const waits of [true, false]) {
    const [quiet, loud] = [newTraffic(), newTraffic()];
    const logins = { ok: 0, refused: 0, other: 0 };
    // In turns, so that whatever else the machine does meets both alike.
    for (let turn = 0; turn < TURNS; turn += 1) {
      addTraffic(quiet, await runTraffic({ ...plan, seconds: SECONDS / TURNS }));
      const outcome = startFlood(stack.urls.auth ?? "", SECONDS / TURNS + FLOOD_LEAD_S, waits);
      await seconds(FLOOD_LEAD_S);
      addTraffic(loud, await runTraffic({ ...plan, seconds: SECONDS / TURNS }));
      const { ok, refused, other } = await outcome;
      await seconds(FLOOD_REST_S);
      logins.ok += ok;
      logins.refused += refused;
      logins.other += other;
    }
    report("quiet", quiet);
    report(`${LOGINS} logins at once, ${waits ? "which wait after a refusal" : "which never wait"}`, loud);
    say(
      `  logins ok ${logins.ok}, refused ${logins.refused}, other ${logins.other}; auth's memory at most ${await peakMib(auth)} MiB`,
    );
    say(
      `  p99 is ${times(loud, quiet, "handshakes")} (handshakes) and ${times(loud, quiet, "acks")} (acks) times the quiet one`,
    );
  }
  writers.close();
});
