import { CLOSE } from "@parley/protocol/codes";
import { sleep } from "@parley/runtime/deadline";
import type { Connection } from "./connection.ts";

/** Interval at which connections are closed, ms. */
const STEP_MS = 50;
/** Time before the first close, for answers to frames that are being handled, ms. */
const FINISH_MS = 150;
/** Shortest time after its close at which a client should reconnect, ms. */
const RECONNECT_MIN_MS = 100;
/** Longest time after its close, ms: closes that are spread over minutes need no more to spread the reconnects. */
const RECONNECT_SPREAD_MAX_MS = 10_000;

/**
 * Closes connections with 1012, spread over `windowMs`. Each learns when to reconnect from a `draining` frame at the start
 * and again from the close reason, which is JSON; these times are spread too, so that not all reconnect at once.
 */
export async function drainAll(connections: readonly Connection[], windowMs: number): Promise<void> {
  if (connections.length === 0) return;
  const spread = connections.map((connection, i) => ({
    connection,
    closeAfterMs: FINISH_MS + Math.floor((i / connections.length) * windowMs),
    retryAfterMs: RECONNECT_MIN_MS + Math.floor(Math.random() * Math.min(windowMs, RECONNECT_SPREAD_MAX_MS)),
  }));
  for (const { connection, closeAfterMs, retryAfterMs } of spread) {
    connection.send({ type: "draining", retryAfterMs: closeAfterMs + retryAfterMs });
  }
  const began = performance.now();
  let next = 0;
  while (next < spread.length) {
    await sleep(STEP_MS);
    const elapsed = performance.now() - began;
    for (let one = spread[next]; one && one.closeAfterMs <= elapsed; one = spread[next]) {
      one.connection.close(CLOSE.restarting, JSON.stringify({ retryAfterMs: one.retryAfterMs }));
      next += 1;
    }
  }
}
