import { Worker } from "./worker.ts";

/** The answer to a call: what the method gave, or the error that it threw. */
export type Reply = Readonly<{ result?: unknown; error?: string }>;
type Call = Readonly<{ name: keyof Worker; args: readonly unknown[] }>;

/** The process of the load generator: calls the worker's methods over IPC, one at a time, and answers each. */
const worker = new Worker();

process.on("message", ({ name, args }: Call) => {
  const method = worker[name] as (...args: unknown[]) => unknown;
  void Promise.try(() => method.apply(worker, [...args])).then(
    (result) => process.send?.({ result } satisfies Reply),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Reply),
  );
});
process.on("disconnect", () => process.exit(0));
