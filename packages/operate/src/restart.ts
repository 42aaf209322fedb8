import { setTimeout as sleep } from "node:timers/promises";
import {
  DevstackError,
  type Environment,
  loadDotEnv,
  ownEnvironment,
  PROGRESS_MS,
  type Progress,
  SettingError,
  whenItChanges,
} from "@parley/devstack/environment";
import { isLocked, pidOf, readPorts } from "@parley/devstack/run-dir";
import { isAlive, trySignal } from "@parley/devstack/server-process";
import { closeMsOf } from "@parley/devstack/stack-services";
import { runMain, say, timedProgress } from "@parley/devstack/terminal";
import { missingAt } from "@parley/devstack/unit";
import { httpUrlOf } from "./addresses.ts";
import { dataDirOf } from "./settings.ts";

/** How long a process may take to be ready again once it has ended, ms. */
const READY_MS = 60_000;
const POLL_MS = 50;

type RestartOptions = Readonly<{
  /** How long it may take to end before it is killed, ms; default: what a service needs for that. */
  graceMs?: number;
  onProgress?: Progress;
}>;

/**
 * Ends one process of the running stack in an orderly way, by SIGKILL if it does not; its supervisor starts it again.
 * Resolves when it is ready.
 *
 * @throws {SettingError} NO_SUCH_SERVICE if it does not run, {DevstackError} NOT_READY 60 s after its end.
 */
export async function restartProcess(
  env: Environment,
  name: string,
  { graceMs = closeMsOf(env), onProgress = () => undefined }: RestartOptions = {},
): Promise<void> {
  const dataDir = dataDirOf(env);
  const pid = pidOf(dataDir, name);
  if (!isLocked(dataDir) || !isAlive(pid))
    throw new SettingError("NO_SUCH_SERVICE", `${name} does not run on ${dataDir} (make ps)`);
  // For Postgres SIGTERM means to wait for its clients.
  trySignal(pid, name === "postgres" ? "SIGINT" : "SIGTERM");
  const seconds = graceMs / 1_000;
  const hasEnded = async () => (isAlive(pid) ? `asked to end, killed after ${seconds} s` : undefined);
  if (!(await until(hasEnded, name, graceMs, onProgress))) {
    onProgress(`${name}: has not ended in ${seconds} s, killing it`);
    trySignal(pid, "SIGKILL");
  }
  const url = httpUrlOf(name, readPorts(dataDir));
  const missing = async () => {
    const now = pidOf(dataDir, name);
    if (now === pid || !isAlive(now)) return "not started again yet";
    const reason = url && (await missingAt(`${url}/health/ready`));
    return reason && `not ready yet: ${reason}`;
  };
  if (await until(missing, name, READY_MS, onProgress)) return;
  const text = `${name} is not ready ${READY_MS / 1_000} s after it ended (make logs-${name})`;
  throw new DevstackError("NOT_READY", text);
}

/** Waits until nothing is missing, and says what is after 2 s and when that changes. Returns false at the deadline. */
async function until(
  missing: () => Promise<string | undefined>,
  name: string,
  deadlineMs: number,
  onProgress: Progress,
): Promise<boolean> {
  const startedAt = performance.now();
  const tell = whenItChanges(onProgress);
  for (;;) {
    const reason = await missing();
    if (!reason) return true;
    const passedMs = performance.now() - startedAt;
    if (passedMs > deadlineMs) return false;
    if (passedMs > PROGRESS_MS) tell(`${name}: ${reason}`);
    await sleep(POLL_MS);
  }
}

// `restart.ts auth`: for `make restart-auth`.
if (import.meta.main)
  await runMain("make restart", async () => {
    loadDotEnv();
    const [name = ""] = process.argv.slice(2);
    const startedAt = performance.now();
    await restartProcess(ownEnvironment(), name, { onProgress: timedProgress() });
    say(`${name}: ready after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    return 0;
  });
