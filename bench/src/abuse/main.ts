/**
 * `make abuse`: one attacker after the other beside an innocent pair, on a whole stack with the limits it has in
 * production. ABUSE_MS: time of each; ONLY="pings;GET /rooms": some cases. Prints a table in Markdown.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Account, logIn, openAccount } from "@parley/devstack/accounts";
import { type Stack, startStack } from "@parley/devstack/stack";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { sleep } from "@parley/runtime/deadline";
import { runAttacker } from "@parley/socket/attacker-fixture";
import { rssOf } from "../measure/proc.ts";
import { describeMachine, machineLine } from "../report/machine.ts";
import { table } from "../report/table.ts";
import { CASES } from "./attacks.ts";
import { type Beside, type Innocents, openInnocents, type Times } from "./innocents.ts";

const MS = Number(process.env.ABUSE_MS ?? 10_000);
const MIB = 1_024 * 1_024;
const GROWTH_MAX = 64 * MIB;
const BACK_MS = 10_000;
/** What may be left by then: V8 gives pages back when it likes. */
const BACK_TO = GROWTH_MAX / 4;
/** What an innocent may always wait, ms; beyond it twice the control's. */
const QUIET_MS = 100;
const SERVICES = ["auth", "ws-producer", "ws-consumer"] as const;

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Addresses of who attacks, and of who did the same before; the innocent ones are at 127.0.0.1. */
const ATTACKER = "127.0.0.3";
const REHEARSAL = "127.0.0.4";

const attackFrom = (name: string, url: string, token: string, address = ATTACKER): Promise<number> =>
  runAttacker(join(import.meta.dirname, "attacker.ts"), [name, url, token, String(MS), address]);

async function beside(innocents: Innocents, attack: Promise<number>): Promise<Beside & { sent: number }> {
  let isOver = false;
  const attacked = attack.finally(() => {
    isOver = true;
  });
  const times = await innocents.talk(() => isOver);
  return { ...times, sent: await attacked };
}

/** The same beside the same attacker, whose bytes go to a port that throws them away. */
async function control(name: string, innocents: Innocents): Promise<Beside> {
  const sink = createServer((socket) => socket.on("error", () => undefined).resume());
  await once(sink.listen(0, "127.0.0.1"), "listening");
  const { port } = sink.address() as { port: number };
  const times = await beside(innocents, attackFrom(name, `http://127.0.0.1:${port}`, "none"));
  sink.close();
  return times;
}

const memoryOf = (stack: Stack) =>
  Promise.all(SERVICES.map((service) => rssOf(stack.service(service).pid as number)));
const growthOf = (now: readonly number[], start: readonly number[]) =>
  Math.max(...now.map((rss, i) => rss - (start[i] as number)));

/** Growth of the service that grew most: the most until `isOver`, and what is left up to 10 s later. */
async function watchMemory(stack: Stack, start: readonly number[], isOver: () => boolean) {
  let most = 0;
  for (; !isOver(); await sleep(200)) most = Math.max(most, growthOf(await memoryOf(stack), start));
  const deadline = performance.now() + BACK_MS;
  let left = most;
  for (; left > BACK_TO && performance.now() < deadline; await sleep(200))
    left = growthOf(await memoryOf(stack), start);
  return { most, left };
}

const isWorse = (times: Times, quiet: Times) =>
  (["p95", "largest"] as const).some((key) => times[key] > Math.max(QUIET_MS, 2 * quiet[key]));

async function runCase(
  name: string,
  stack: Stack,
  innocents: Innocents,
  [attacker, other]: readonly Account[],
) {
  const url = stack.urls[(CASES[name] as { service: string }).service] as string;
  const auth = stack.urls.auth as string;
  const rehearsal = await logIn(auth, other as Account);
  await beside(innocents, attackFrom(name, url, rehearsal.token, REHEARSAL));
  const quiet = await control(name, innocents);
  const start = await memoryOf(stack);
  let isOver = false;
  const watched = watchMemory(stack, start, () => isOver);
  const { token } = await logIn(auth, attacker as Account);
  const times = await beside(innocents, attackFrom(name, url, token));
  isOver = true;
  const { most, left } = await watched;
  const kinds = ["ack", "deliver", "history"] as const;
  const slow = kinds.filter((kind) => isWorse(times[kind], quiet[kind]));
  const cell = (kind: (typeof kinds)[number], of: Beside) =>
    `${of[kind].p95.toFixed(0)}, ${of[kind].largest.toFixed(0)}`;
  const verdict = [
    ...slow,
    ...(times.lost > 0 ? ["lost"] : []),
    ...(most > GROWTH_MAX ? ["memory"] : []),
    ...(left > BACK_TO ? ["kept"] : []),
  ];
  const row = [
    name,
    CASES[name]?.hasToken ? "yes" : "no",
    (times.sent / 1e6).toFixed(1),
    ...kinds.flatMap((kind) => [cell(kind, times), cell(kind, quiet)]),
    times.lost,
    `${Math.round(most / MIB)}, ${Math.round(left / MIB)}`,
    verdict.join(" ") || "holds",
  ];
  process.stderr.write(`${row.join(" | ")}\n`);
  return { row, isGood: verdict.length === 0 };
}

const HEAD = "attack,token,MB,ack,control,deliver,control,history,control,lost,MiB,".split(",");

const names = process.env.ONLY?.split(";") ?? Object.keys(CASES);
const stack = await startStack({
  dataDir: await makeTempDir("abuse"),
  services: [...SERVICES],
  env: { ...process.env, NODE_ENV: "test", RATE_LIMITS: "on", LOG_LEVEL: "error" },
});
try {
  const auth = stack.urls.auth as string;
  const [sender, reader, ...attackers] = await Promise.all([1, 2, 3, 4].map(() => openAccount(auth, {})));
  const results: Awaited<ReturnType<typeof runCase>>[] = [];
  for (const name of names) {
    const [alice, bob] = await Promise.all([logIn(auth, sender as Account), logIn(auth, reader as Account)]);
    const innocents = await openInnocents(stack.urls, alice as Account, bob as Account);
    results.push(await runCase(name, stack, innocents, attackers as Account[]));
    innocents.close();
  }
  say(`${new Date().toISOString().slice(0, 10)}: ${machineLine(describeMachine())}; ${MS / 1_000} s each\n`);
  const rows = results.map(({ row }) => row);
  say(table(HEAD, rows));
  process.exitCode = results.every(({ isGood }) => isGood) ? 0 : 1;
} finally {
  await stack.stop();
}
