import type { Command, Reply } from "./commands.ts";
import { Worker } from "./worker.ts";

/** One process of the load generator: executes commands over IPC, one at a time, and answers each. */
const worker = new Worker();

async function execute(command: Command): Promise<unknown> {
  switch (command.kind) {
    case "open":
      return worker.open(command);
    case "run":
      return worker.run(command);
    case "settle":
      return worker.settle(command);
    case "close":
      return worker.close();
  }
}

process.on("message", (command: Command) => {
  void execute(command).then(
    (result) => process.send?.({ result } satisfies Reply),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Reply),
  );
});
process.on("disconnect", () => process.exit(0));
