import { CLOSE } from "@parley/protocol/codes";
import { pause } from "@parley/runtime/deadline";
import type { Connection } from "./connection.ts";

/** How often the next few connections are closed, ms. */
const STEP_MS = 50;
/** Work that is under way when a drain begins, such as acks, is given so long to be answered, ms. */
const FINISH_MS = 150;
/** After its close a client should come back in this time, ms, spread so that not all do at once. */
const RETURN_MIN_MS = 100;

/**
 * Closes connections over `windowMs`. Each is told at the start when to come back, and again in the close reason,
 * which is JSON as the protocol says.
 */
export async function drainAll(connections: readonly Connection[], windowMs: number): Promise<void> {
  if (connections.length === 0) return;
  const spread = connections.map((connection, i) => ({
    connection,
    closeAfterMs: FINISH_MS + Math.floor((i / connections.length) * windowMs),
    retryAfterMs: RETURN_MIN_MS + Math.floor(Math.random() * windowMs),
  }));
  for (const { connection, closeAfterMs, retryAfterMs } of spread) {
    connection.send({ type: "draining", retryAfterMs: closeAfterMs + retryAfterMs });
  }
  const began = performance.now();
  let next = 0;
  while (next < spread.length) {
    await pause(STEP_MS);
    const elapsed = performance.now() - began;
    for (let one = spread[next]; one && one.closeAfterMs <= elapsed; one = spread[next]) {
      one.connection.close(CLOSE.restarting, JSON.stringify({ retryAfterMs: one.retryAfterMs }));
      next += 1;
    }
  }
}
