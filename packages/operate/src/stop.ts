import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DevstackError, loadDotEnv, ownEnvironment } from "@parley/devstack/environment";
import { isLocked, pidOf, waitForLeft } from "@parley/devstack/run-dir";
import { trySignal } from "@parley/devstack/server-process";
import { stopDeadlineOf } from "@parley/devstack/stack-services";
import { runMain, say } from "@parley/devstack/terminal";
import { dataDirOf } from "./settings.ts";

// `make stop`; with --remove, for `make clean`, it also deletes DATA_DIR, if that is the data folder of a stack.
await runMain("make stop", async () => {
  loadDotEnv();
  const dataDir = dataDirOf(ownEnvironment());
  const wasRunning = isLocked(dataDir);
  if (wasRunning) {
    const pid = pidOf(dataDir, "supervisor");
    say(`stopping the stack on ${dataDir} (supervisor pid ${pid})`);
    trySignal(pid, "SIGTERM");
    const deadlineMs = stopDeadlineOf(ownEnvironment());
    const deadline = performance.now() + deadlineMs;
    while (isLocked(dataDir) && performance.now() < deadline) await sleep(50);
    if (isLocked(dataDir)) {
      say(`it has not ended in ${deadlineMs / 1_000} s, killing it`);
      trySignal(pid, "SIGKILL");
    }
  }
  const left = await waitForLeft(dataDir, say);
  say(wasRunning || left.length > 0 ? "stopped" : `nothing runs on ${dataDir}`);
  if (process.argv.includes("--remove") && existsSync(dataDir)) {
    if (existsSync(join(dataDir, "run")) && !isLocked(dataDir))
      await rm(dataDir, { recursive: true, force: true });
    else {
      throw new DevstackError("NOT_REMOVED", `${dataDir} is in use or no data folder of a stack, left alone`);
    }
  }
  return 0;
});
