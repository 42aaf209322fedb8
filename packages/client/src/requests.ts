import type { Connection } from "./connection.ts";
import { errorOf, ParleyError } from "./error.ts";
import type { Frame } from "./frames.ts";
import { createId } from "./ids.ts";
import type { Timers } from "./timers.ts";

/** How long a frame may wait for its answer, offline time included, ms. */
const ANSWER_MS = 30_000;
/** Frames that may wait for their answers. */
const WAITING_MAX = 1_000;

/**
 * Frames that are answered by `ack`, such as reactions and read marks. After a lost connection they are sent again
 * under the same id, and after a refusal that says so when its time has come.
 */
export function createRequests(connection: Connection, timers: Timers) {
  const waiting = new Map<string, { frame: object; settle: (error?: ParleyError) => void }>();
  return {
    /** Resolves when the server has acknowledged it. @throws {ParleyError} its refusal, or `timeout`. */
    ask(frame: object): Promise<void> {
      if (waiting.size >= WAITING_MAX) return Promise.reject(new ParleyError("overloaded"));
      const id = createId();
      return new Promise((resolve, reject) => {
        const stop = timers.after(ANSWER_MS, () => settle(new ParleyError("timeout")));
        const settle = (error?: ParleyError) => {
          stop();
          waiting.delete(id);
          error ? reject(error) : resolve();
        };
        const asked = { frame: { ...frame, id }, settle };
        waiting.set(id, asked);
        connection.send(asked.frame);
      });
    },
    take(frame: Frame): void {
      const asked = waiting.get(frame.id ?? "");
      if (!asked) return;
      if (frame.type === "ack") asked.settle();
      if (frame.type !== "error") return;
      const error = errorOf(frame);
      if (!error.isRetryable) asked.settle(error);
      else
        timers.after(
          error.retryAfterMs ?? 1_000,
          () => waiting.has(frame.id ?? "") && connection.send(asked.frame),
        );
    },
    resend(): void {
      for (const { frame } of waiting.values()) connection.send(frame);
    },
    fail(error: ParleyError): void {
      for (const { settle } of waiting.values()) settle(error);
    },
  };
}
export type Requests = ReturnType<typeof createRequests>;
