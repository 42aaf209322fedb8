import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DevstackError, type Progress, sleep } from "./environment.ts";
import { identityOf, isRunning, type ProcessIdentity } from "./process-identity.ts";
import { trySignal } from "./server-process.ts";

const LOCK = "supervisor.lock";
const ORPHAN_GRACE_MS = 5_000;

/** `$DATA_DIR/run`: who runs. `<name>.pid` holds the bare number, `<name>.identity` tells it from a later process. */
export interface RunDir {
  /** Notes a process; each file is replaced in one step. */
  record(name: string, pid: number): void;
  /** Forgets a process. */
  forget(name: string): void;
  /** Gives the folder up for the next supervisor. */
  release(): void;
}

/**
 * Takes the run folder of a data folder for this process, and ends what a supervisor that was killed left behind.
 *
 * @throws {DevstackError} ALREADY_RUNNING if another supervisor that is alive has it.
 */
export async function takeRunDir(dataDir: string, onProgress: Progress = () => undefined): Promise<RunDir> {
  const folder = join(dataDir, "run");
  mkdirSync(folder, { recursive: true });
  takeLock(folder, dataDir);
  await endOrphans(folder, onProgress);
  const record = (name: string, pid: number) => {
    replaceFile(
      join(folder, `${name}.identity`),
      JSON.stringify(identityOf(pid) ?? { pid, startedAt: "gone" }),
    );
    replaceFile(join(folder, `${name}.pid`), `${pid}\n`);
  };
  const forget = (name: string) => {
    for (const end of ["pid", "identity"]) rmSync(join(folder, `${name}.${end}`), { force: true });
  };
  record("supervisor", process.pid);
  return {
    record,
    forget,
    release: () => {
      forget("supervisor");
      rmSync(join(folder, LOCK), { force: true });
    },
  };
}

/** The supervisor that is alive on that data folder, if any. */
export function findSupervisor(dataDir: string): ProcessIdentity | undefined {
  const holder = readIdentity(join(dataDir, "run", LOCK));
  return holder !== undefined && isRunning(holder) ? holder : undefined;
}

type Orphan = Readonly<{ name: string; identity: ProcessIdentity }>;

function findOrphans(folder: string): Orphan[] {
  const names = readdirSync(folder).filter(
    (file) => file.endsWith(".identity") && file !== "supervisor.identity",
  );
  return names.flatMap((file) => {
    const identity = readIdentity(join(folder, file));
    return identity !== undefined && isRunning(identity)
      ? [{ name: file.slice(0, -".identity".length), identity }]
      : [];
  });
}

/** Ends every process that the folder names and that still is the one it names. Gives their names. */
export async function endOrphans(folder: string, onProgress: Progress = () => undefined): Promise<string[]> {
  const orphans = findOrphans(folder);
  // Postgres takes SIGTERM as "wait for all clients", so it is told SIGINT; the others end on either.
  for (const { name, identity } of orphans) {
    onProgress(`${name}: stopping the one that an earlier start left behind (pid ${identity.pid})`);
    trySignal(identity.pid, name === "postgres" ? "SIGINT" : "SIGTERM");
  }
  const isAnyLeft = () => orphans.some(({ identity }) => isRunning(identity));
  const deadline = performance.now() + ORPHAN_GRACE_MS;
  while (performance.now() < deadline && isAnyLeft()) await sleep(20);
  for (const { identity } of orphans) {
    if (isRunning(identity)) trySignal(identity.pid, "SIGKILL");
    // Each was the leader of a process group of its own.
    trySignal(-identity.pid, "SIGKILL");
  }
  while (isAnyLeft()) await sleep(20);
  for (const file of readdirSync(folder)) {
    if (file.endsWith(".pid") || file.endsWith(".identity")) rmSync(join(folder, file), { force: true });
  }
  return orphans.map(({ name }) => name);
}

/** The lock appears with its content in one step (a link), so nobody can read half of it. */
function takeLock(folder: string, dataDir: string): void {
  const lock = join(folder, LOCK);
  const mine = join(folder, `${LOCK}.${process.pid}`);
  writeFileSync(mine, JSON.stringify(identityOf(process.pid)));
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        linkSync(mine, lock);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = readIdentity(lock);
      if (holder !== undefined && isRunning(holder)) {
        const text = `a stack is already running on ${dataDir} (supervisor pid ${holder.pid}); stop it with \`make stop\`, or set another DATA_DIR and other ports`;
        throw new DevstackError("ALREADY_RUNNING", text);
      }
      setAside(lock);
    }
    throw new DevstackError("ALREADY_RUNNING", `another start on ${dataDir} is under way`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes a lock that nobody alive holds; one that another start has just taken is put back. */
function setAside(lock: string): void {
  const aside = `${lock}.${process.pid}.old`;
  try {
    renameSync(lock, aside);
    const holder = readIdentity(aside);
    if (holder !== undefined && isRunning(holder)) linkSync(aside, lock);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
    return Number.isInteger(value.pid) && value.pid > 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

function replaceFile(file: string, content: string): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}
