import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Command, Reply, RunPlan, RunResult, Settled } from "./commands.ts";
import type { Endpoint, MemberSpec } from "./connection.ts";

const WORKER = fileURLToPath(new URL("./worker-main.ts", import.meta.url));
const SETTLE_MS = 15_000;

/** A process that simulates the members; it ends with this one. */
export class LoadGenerator {
  readonly #worker: ChildProcess = fork(WORKER, [], { execArgv: ["--max-semi-space-size=32"] });

  async #ask<T>(command: Command): Promise<T> {
    const replied = once(this.#worker, "message");
    // Without this the reply of a process that has exited would be awaited forever.
    const onExit = (code: number | null) =>
      this.#worker.emit("message", { error: `the load generator exited with ${code}` } satisfies Reply);
    this.#worker.once("exit", onExit);
    this.#worker.send(command);
    const [{ result, error }] = (await replied) as [Reply];
    this.#worker.off("exit", onExit);
    if (error !== undefined) throw new Error(error);
    return result as T;
  }

  /** Opens all members; gives the seconds until the last had joined. `dialect` is the URL of its module. */
  open(dialect: string, endpoint: Endpoint, specs: readonly MemberSpec[]): Promise<number> {
    return this.#ask({ kind: "open", dialect, endpoint, specs });
  }

  run(plan: RunPlan): Promise<RunResult> {
    return this.#ask({ kind: "run", ...plan });
  }

  /** Waits until every member has everything, and counts anomalies. */
  settle(deadlineMs = SETTLE_MS): Promise<Settled> {
    return this.#ask({ kind: "settle", deadlineMs });
  }

  /** Closes all connections; other members can be opened afterwards. */
  closeAll(): Promise<void> {
    return this.#ask({ kind: "close" });
  }

  async end(): Promise<void> {
    if (this.#worker.exitCode !== null) return;
    const exited = once(this.#worker, "exit");
    this.#worker.disconnect();
    await exited;
  }
}
