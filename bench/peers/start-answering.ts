import { type ServerProcess, type SpawnOptions, spawnServer } from "@parley/devstack/server-process";
import { sleep } from "@parley/runtime/deadline";

const READY_DEADLINE_MS = 20_000;

async function untilAnswers(url: string, server: ServerProcess): Promise<void> {
  const until = performance.now() + READY_DEADLINE_MS;
  const answers = () =>
    fetch(url, { signal: AbortSignal.timeout(500) }).then(
      () => true,
      (error) => error.name === "TimeoutError",
    );
  while (!(await answers())) {
    if (!server.isRunning() || performance.now() > until) throw new Error(`there is no answer at ${url}`);
    await sleep(50);
  }
}

/**
 * Starts a program and waits until it answers HTTP at `url`, whatever it says.
 *
 * @throws if it ends or does not answer within 20 s; it has been ended then.
 */
export async function startAnswering(url: string, options: SpawnOptions): Promise<ServerProcess> {
  const server = await spawnServer(options);
  try {
    await untilAnswers(url, server);
    return server;
  } catch (error) {
    await server.end("SIGKILL");
    throw error;
  }
}
