import { readdir, readFile } from "node:fs/promises";

/** Of /proc/<pid>/stat: USER_HZ is 100 on every Linux that Node runs on. */
const US_PER_TICK = 10_000;
const PAGE_BYTES = 4_096;

type Stat = Readonly<{ pid: number; parent: number; cpuUs: number; rss: number }>;

async function statOf(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  // utime, stime, and those of children that have ended: backends of Postgres come and go.
  const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + (fields[i] ?? 0), 0);
  return { pid, parent: fields[1] ?? 0, cpuUs: ticks * US_PER_TICK, rss: (fields[21] ?? 0) * PAGE_BYTES };
}

/** A process and all that it started, down to the last. */
async function familyOf(pid: number): Promise<Stat[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = (await Promise.all(pids.map(statOf))).filter((one) => one !== undefined);
  const family = new Set([pid]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const one of all) if (family.has(one.parent)) family.add(one.pid);
  }
  return all.filter((one) => family.has(one.pid));
}

/** CPU time (user and system) that each named process and its children have used so far, µs. */
export async function cpuOf(pids: Readonly<Record<string, number>>): Promise<Record<string, number>> {
  const entries = Object.entries(pids).map(async ([name, pid]) => {
    const family = await familyOf(pid);
    return [name, family.reduce((sum, { cpuUs }) => sum + cpuUs, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Resident memory of one process, bytes. */
export async function rssOf(pid: number): Promise<number> {
  const stat = await statOf(pid);
  if (stat === undefined) throw new Error(`there is no process ${pid}`);
  return stat.rss;
}
