/**
 * What a flood of logins does to those who only have their token checked:
 * `node bench/src/auth-load.ts [seconds] [logins at once]`. `GET /api/v1/me` goes at a steady pace,
 * first quiet, then beside the flood (each login tries again after Retry-After), then beside one that never waits.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Flood } from "./auth-flood.ts";
import { PASSWORD, post, quantile, startAuthProcess } from "./auth-process.ts";

const SECONDS = Number(process.argv[2] ?? 20);
const LOGINS = Number(process.argv[3] ?? 64);
const CHECK_EVERY_MS = 10;
const MIB = 1_024 ** 2;
const say = (line: string) => process.stdout.write(`${line}\n`);

const auth = await startAuthProcess();

async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1_024;
}

/** The most that auth and its password process have ever held, bytes. */
async function peakMemory(): Promise<number> {
  const pid = auth.child.pid ?? 0;
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8"))
    .trim()
    .split(" ")
    .map(Number);
  return (await Promise.all([pid, ...children].map(memoryOf))).reduce((sum, bytes) => sum + bytes, 0);
}

/** Checks a token every CHECK_EVERY_MS, whatever the answers take, and says how long they took. */
async function check(token: string, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const open: Promise<void>[] = [];
  const started = performance.now();
  for (let i = 0; i * CHECK_EVERY_MS < seconds * 1_000; i++) {
    const due = started + i * CHECK_EVERY_MS;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    open.push(
      fetch(`${auth.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } }).then(
        async (answer) => {
          await answer.text();
          if (!answer.ok) throw new Error(`token check: ${answer.status}`);
          times.push(performance.now() - due);
        },
      ),
    );
  }
  await Promise.all(open);
  return times;
}

/** The flood in a process of its own, so that it does not hold up the checks. */
async function flood(seconds: number, waits: boolean): Promise<Flood> {
  const args = [auth.url, String(seconds), String(LOGINS), String(waits)];
  const child = fork(fileURLToPath(new URL("./auth-flood.ts", import.meta.url)), args);
  const [outcome] = (await once(child, "message")) as [Flood];
  return outcome;
}

const describe = (times: readonly number[]) =>
  [0.5, 0.99, 1]
    .map((share) => `${share === 1 ? "max" : `p${share * 100}`} ${quantile(times, share).toFixed(1)} ms`)
    .join(", ");

try {
  for (let i = 0; i < LOGINS; i++)
    await post(`${auth.url}/api/v1/register`, { username: `user-${i}`, password: PASSWORD });
  const login = await post(`${auth.url}/api/v1/login`, { username: "user-0", password: PASSWORD });
  const { token } = (JSON.parse(login.text) as { data: { token: string } }).data;
  await check(token, 2);
  const quiet = await check(token, SECONDS);
  say(`quiet: ${describe(quiet)}; memory at most ${Math.round((await peakMemory()) / MIB)} MiB`);
  for (const waits of [true, false]) {
    const [times, logins] = await Promise.all([check(token, SECONDS), flood(SECONDS, waits)]);
    const name = waits ? "waits after a refusal" : "never waits";
    say(`${LOGINS} logins at once for ${SECONDS} s, each ${name}:`);
    say(
      `  token checks ${describe(times)} (p99 is ${(quantile(times, 0.99) / quantile(quiet, 0.99)).toFixed(1)} times the quiet one)`,
    );
    say(
      `  logins ok ${logins.ok} (${describe(logins.times)}), refused ${logins.refused}, other ${logins.other}; memory at most ${Math.round((await peakMemory()) / MIB)} MiB`,
    );
  }
} finally {
  await auth.close();
}
