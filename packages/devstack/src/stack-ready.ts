import { join } from "node:path";
import { DevstackError, type Progress, sleep } from "./environment.ts";
import { tailOf } from "./server-process.ts";
import type { Unit } from "./unit.ts";

/** A service that died this often before it was ready once will not come up by itself. */
const DEATHS_MAX = 4;

/**
 * Asks `/health/ready` of a service until it says 200; tells every two seconds what is still missing.
 *
 * @throws {DevstackError} NOT_READY when the time is up or the service keeps dying, with the end of its log.
 */
export async function untilReady(options: {
  unit: Unit;
  url: string;
  dataDir: string;
  deadlineMs: number;
  onProgress: Progress;
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const { unit, url, onProgress } = options;
  const startedAt = performance.now();
  const restartsBefore = unit.restarts;
  let tellAt = startedAt + 2_000;
  let missing = "it does not listen yet";
  while (performance.now() - startedAt < options.deadlineMs) {
    options.signal?.throwIfAborted();
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    const text = await answer?.text().catch(() => "");
    if (answer?.status === 200) {
      onProgress(`${unit.name}: ready`);
      return;
    }
    if (answer !== undefined) missing = `it says ${answer.status} ${text?.slice(0, 300)}`;
    const isGone = unit.pid === undefined && unit.lastExit !== undefined && !unit.willRestart;
    if (isGone || unit.restarts - restartsBefore >= DEATHS_MAX) {
      missing = `it ended (${unit.lastExit})`;
      break;
    }
    if (performance.now() > tellAt) {
      onProgress(`${unit.name}: not ready yet, ${missing}`);
      tellAt += 2_000;
    }
    await sleep(25);
  }
  const logFile = join(options.dataDir, "logs", `${unit.name}.log`);
  throw new DevstackError(
    "NOT_READY",
    `${unit.name} is not ready: ${missing}; the end of ${logFile}:\n${await tailOf(logFile)}`,
  );
}
