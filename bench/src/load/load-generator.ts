import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { RunPlan, RunResult, Settled } from "./commands.ts";
import type { Endpoint, MemberSpec } from "./connection.ts";
import type { Worker } from "./worker.ts";
import type { Reply } from "./worker-main.ts";

const WORKER = fileURLToPath(new URL("./worker-main.ts", import.meta.url));
const SETTLE_MS = 15_000;

/** A process that simulates the members; it ends with this one. */
export class LoadGenerator {
  readonly #process: ChildProcess = fork(WORKER, [], { execArgv: ["--max-semi-space-size=32"] });

  /** Calls a method of the worker in the process. */
  async #call<Name extends keyof Worker>(
    name: Name,
    ...args: Parameters<Worker[Name]>
  ): Promise<Awaited<ReturnType<Worker[Name]>>> {
    const replied = once(this.#process, "message");
    // Without this the reply of a process that has exited would be awaited forever.
    const onExit = (code: number | null) =>
      this.#process.emit("message", { error: `the load generator exited with ${code}` } satisfies Reply);
    this.#process.once("exit", onExit);
    this.#process.send({ name, args });
    const [{ result, error }] = (await replied) as [Reply];
    this.#process.off("exit", onExit);
    if (error !== undefined) throw new Error(error);
    return result as Awaited<ReturnType<Worker[Name]>>;
  }

  /** Opens all members; gives the seconds until the last had joined. `dialect` is the URL of its module. */
  open(dialect: string, endpoint: Endpoint, specs: readonly MemberSpec[]): Promise<number> {
    return this.#call("open", dialect, endpoint, specs);
  }

  run(plan: RunPlan): Promise<RunResult> {
    return this.#call("run", plan);
  }

  /** Waits until every member has everything, and counts anomalies. */
  settle(deadlineMs = SETTLE_MS): Promise<Settled> {
    return this.#call("settle", deadlineMs);
  }

  /** Closes all connections; other members can be opened afterwards. */
  closeAll(): Promise<void> {
    return this.#call("closeAll");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.disconnect();
    await exited;
  }
}
