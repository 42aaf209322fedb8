import type { Command, Reply } from "./commands.ts";
import { Worker } from "./worker.ts";

/** The process of the load generator: executes commands over IPC, one at a time, and answers each. */
const worker = new Worker();

process.on("message", (command: Command) => {
  void worker.execute(command).then(
    (result) => process.send?.({ result } satisfies Reply),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Reply),
  );
});
process.on("disconnect", () => process.exit(0));
