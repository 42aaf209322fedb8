import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadDotEnv } from "./dot-env.ts";
import { sleep } from "./environment.ts";
import { isRunning } from "./process-identity.ts";
import { endOrphans, findSupervisor } from "./run-dir.ts";
import { trySignal } from "./server-process.ts";
import { dataDirOf } from "./start-options.ts";
import { errorText, say } from "./terminal.ts";

const STOP_DEADLINE_MS = 45_000;

/** `make stop`: stops the stack of DATA_DIR, or what is left of it. */
async function main(): Promise<number> {
  loadDotEnv();
  const dataDir = dataDirOf(process.env);
  const supervisor = findSupervisor(dataDir);
  if (supervisor !== undefined) {
    say(`stopping the stack on ${dataDir} (supervisor pid ${supervisor.pid})`);
    trySignal(supervisor.pid, "SIGTERM");
    const deadline = performance.now() + STOP_DEADLINE_MS;
    while (isRunning(supervisor) && performance.now() < deadline) await sleep(50);
    if (isRunning(supervisor)) {
      say("it does not end, killing it");
      trySignal(supervisor.pid, "SIGKILL");
      while (isRunning(supervisor)) await sleep(20);
    }
  }
  const runFolder = join(dataDir, "run");
  const orphans = existsSync(runFolder) ? await endOrphans(runFolder, say) : [];
  say(supervisor === undefined && orphans.length === 0 ? `nothing runs on ${dataDir}` : "stopped");
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`make stop: ${errorText(error)}\n`);
  process.exitCode = 1;
}
