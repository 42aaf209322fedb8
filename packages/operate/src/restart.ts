import { setTimeout as sleep } from "node:timers/promises";
import {
  DevstackError,
  type Environment,
  loadDotEnv,
  ownEnvironment,
  SettingError,
} from "@parley/devstack/environment";
import { isLocked, pidOf, readPorts } from "@parley/devstack/run-dir";
import { isAlive, trySignal } from "@parley/devstack/server-process";
import { closeMsOf } from "@parley/devstack/stack-services";
import { runMain, say } from "@parley/devstack/terminal";
import { missingAt } from "@parley/devstack/unit";
import { httpUrlOf } from "./addresses.ts";
import { dataDirOf } from "./settings.ts";

/** How long a process may take to be ready again once it has ended, ms. */
const READY_MS = 60_000;
const POLL_MS = 50;

/**
 * Ends one process of the running stack in an orderly way; its supervisor starts it again. Resolves when it is ready.
 *
 * @throws {SettingError} NO_SUCH_SERVICE if it does not run, {DevstackError} NOT_READY 60 s after the time that it has to end.
 */
export async function restartProcess(env: Environment, name: string): Promise<void> {
  const dataDir = dataDirOf(env);
  const pid = pidOf(dataDir, name);
  if (!isLocked(dataDir) || !isAlive(pid))
    throw new SettingError("NO_SUCH_SERVICE", `${name} does not run on ${dataDir} (make ps)`);
  const url = httpUrlOf(name, readPorts(dataDir));
  const deadlineMs = READY_MS + closeMsOf(env);
  // For Postgres SIGTERM means to wait for its clients.
  trySignal(pid, name === "postgres" ? "SIGINT" : "SIGTERM");
  const isBack = async () => {
    const now = pidOf(dataDir, name);
    return (
      now !== pid &&
      isAlive(now) &&
      (url === undefined || (await missingAt(`${url}/health/ready`)) === undefined)
    );
  };
  for (const deadline = performance.now() + deadlineMs; !(await isBack()); await sleep(POLL_MS))
    if (performance.now() > deadline)
      throw new DevstackError(
        "NOT_READY",
        `${name} is not ready after ${deadlineMs / 1_000} s (make logs-${name})`,
      );
}

// `restart.ts auth`: for `make restart-auth`.
if (import.meta.main)
  await runMain("make restart", async () => {
    loadDotEnv();
    const [name = ""] = process.argv.slice(2);
    const startedAt = performance.now();
    await restartProcess(ownEnvironment(), name);
    say(`${name}: ready after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    return 0;
  });
