import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { type Environment, variable } from "@parley/devstack/environment";
import { pidOf } from "@parley/devstack/run-dir";
import { SERVICE_NAMES } from "@parley/devstack/stack-services";
import { type Finding, mend, ok } from "./finding.ts";

/** Open files of a socket service: one for each socket. */
const FILES_MIN = 10_000;
const FREE_SHARE_MIN = 0.1;
const GB = 1e9;
/** Defaults of .env.example. */
const LOG_BYTES = 1_073_741_824;
const SHARDS = 4;

/** Checks the machine of a stack of `make start`: room on its disk, and the limit of open files of its processes. */
export async function checkMachine(env: Environment, dataDir: string): Promise<Finding[]> {
  return [await checkDisk(env, dataDir), ...checkFiles(dataDir)];
}

async function checkDisk(env: Environment, dataDir: string): Promise<Finding> {
  const { bavail, bsize, blocks } = await statfs(dataDir);
  const free = bavail * bsize;
  const log =
    Number(variable(env, "LOG_SHARDS") ?? SHARDS) * Number(variable(env, "LOG_MAX_BYTES") ?? LOG_BYTES);
  const told = `the disk of ${dataDir} has ${(free / GB).toFixed(1)} GB left`;
  if (free < blocks * bsize * FREE_SHARE_MIN) return mend(`${told}, less than a tenth: make room`);
  if (free < log)
    return mend(
      `${told}, and the log may grow to ${(log / GB).toFixed(1)} GB: make room or lower LOG_MAX_BYTES`,
    );
  return ok(told);
}

function checkFiles(dataDir: string): Finding[] {
  return SERVICE_NAMES.flatMap((name) => {
    const most = filesOf(pidOf(dataDir, name));
    if (most === undefined || most >= FILES_MIN) return [];
    return [
      mend(
        `${name} may open ${most} files, one for each socket: raise the limit (ulimit -n ${FILES_MIN} or more)`,
      ),
    ];
  });
}

/** The limit of open files of a process, on Linux. */
function filesOf(pid: number): number | undefined {
  try {
    const [, most] = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8")) ?? [];
    return most === undefined ? undefined : Number(most);
  } catch {
    return undefined;
  }
}
