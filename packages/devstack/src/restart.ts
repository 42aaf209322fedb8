import { setTimeout as sleep } from "node:timers/promises";
import { DevstackError, type Environment, loadDotEnv, ownEnvironment, SettingError } from "./environment.ts";
import { isLocked, pidOf, readPorts } from "./run-dir.ts";
import { isAlive, trySignal } from "./server-process.ts";
import { dataDirOf } from "./stack-options.ts";
import { httpPortOf } from "./stack-services.ts";
import { runMain, say } from "./terminal.ts";
import { missingAt } from "./unit.ts";

const DEADLINE_MS = 60_000;
const POLL_MS = 50;

/**
 * Ends one process of the running stack in an orderly way; its supervisor starts it again. Resolves when it is ready.
 *
 * @throws {SettingError} NO_SUCH_SERVICE if it does not run, {DevstackError} NOT_READY after 60 s.
 */
export async function restartProcess(env: Environment, name: string): Promise<void> {
  const dataDir = dataDirOf(env);
  const pid = pidOf(dataDir, name);
  if (!isLocked(dataDir) || !isAlive(pid))
    throw new SettingError("NO_SUCH_SERVICE", `${name} does not run on ${dataDir} (make ps)`);
  const port = httpPortOf(name);
  const url = port && `http://127.0.0.1:${readPorts(dataDir)[port]}/health/ready`;
  // For Postgres SIGTERM means to wait for its clients.
  trySignal(pid, name === "postgres" ? "SIGINT" : "SIGTERM");
  const isBack = async () => {
    const now = pidOf(dataDir, name);
    return now !== pid && isAlive(now) && (url === undefined || (await missingAt(url)) === undefined);
  };
  for (const deadline = performance.now() + DEADLINE_MS; !(await isBack()); await sleep(POLL_MS))
    if (performance.now() > deadline)
      throw new DevstackError(
        "NOT_READY",
        `${name} is not ready after ${DEADLINE_MS / 1_000} s (make logs-${name})`,
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
