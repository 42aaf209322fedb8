import { readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { DevstackError, sleep } from "./environment.ts";
import { trySignal } from "./server-process.ts";

/** Signal, and how long what it is sent to has to be gone, ms: fast shutdown, then immediate, then the hard way. */
const STEPS: readonly (readonly [NodeJS.Signals, number])[] = [
  ["SIGINT", 5_000],
  ["SIGQUIT", 3_000],
  ["SIGKILL", 5_000],
];

/**
 * Stops whatever an earlier launcher left running on this data folder, a server or (after its kill -9) its
 * backends, waits until it is gone and removes a stale `postmaster.pid`. Postgres processes are known by their
 * working folder, which is the data folder.
 *
 * @throws {DevstackError} POSTGRES_ORPHAN if something cannot be stopped.
 */
export async function stopPostgresOrphans(clusterDir: string): Promise<void> {
  const folder = await realpath(clusterDir);
  const pidFile = join(folder, "postmaster.pid");
  const written = Number.parseInt(await readFile(pidFile, "utf8").catch(() => ""), 10);
  for (const [signal, graceMs] of STEPS) {
    const pids = await processesIn(folder, written);
    if (pids.length === 0) break;
    // The server ends its own backends; without it they are told one by one.
    const targets = pids.includes(written) && signal !== "SIGKILL" ? [written] : pids;
    for (const pid of targets) trySignal(pid, signal);
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && (await processesIn(folder, written)).length > 0) await sleep(20);
  }
  const left = await processesIn(folder, written);
  if (left.length > 0)
    throw new DevstackError("POSTGRES_ORPHAN", `cannot stop the old Postgres (pids ${left.join(", ")})`);
  await rm(pidFile, { force: true });
}

async function processesIn(folder: string, written: number): Promise<number[]> {
  if (process.platform !== "linux")
    return Number.isInteger(written) && trySignal(written, 0) ? [written] : [];
  const found: number[] = [];
  for (const entry of await readdir("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (cwd !== folder) continue;
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (name.startsWith("postgres")) found.push(pid);
  }
  return found;
}
