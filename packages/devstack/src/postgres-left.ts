import { readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DevstackError } from "./environment.ts";
import { trySignal } from "./server-process.ts";

/** An immediate shutdown, of a server and of a backend alike, and how long it may take before SIGKILL, ms. */
const QUIT_MS = 3_000;
const END_MS = 8_000;

/**
 * Ends the processes of an earlier server on that data folder: backends outlive a killed postmaster, busy ones for
 * long. Removes its `postmaster.pid`, because after a crash of the machine the pid may belong to another process.
 * Does nothing except on Linux: Postgres itself refuses to start while they live.
 *
 * @throws {DevstackError} POSTGRES_LEFT if something cannot be ended.
 */
export async function endLeftPostgres(clusterDir: string): Promise<void> {
  if (process.platform !== "linux") return;
  const folder = await realpath(clusterDir);
  const startedAt = performance.now();
  for (let signal: NodeJS.Signals = "SIGQUIT"; ; ) {
    const pids = await postgresIn(folder);
    if (pids.length === 0) break;
    for (const pid of pids) trySignal(pid, signal);
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > END_MS)
      throw new DevstackError("POSTGRES_LEFT", `cannot end the earlier Postgres (pids ${pids.join(", ")})`);
    if (waitedMs > QUIT_MS) signal = "SIGKILL";
    await sleep(20);
  }
  await rm(join(folder, "postmaster.pid"), { force: true });
}

/** Postgres processes are known by their working folder, which is the data folder. */
async function postgresIn(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).map(Number).filter(Number.isInteger)) {
    if ((await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) !== folder) continue;
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (name.startsWith("postgres")) found.push(pid);
  }
  return found;
}
