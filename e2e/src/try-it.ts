import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { runMain, say } from "@parley/devstack/terminal";
import { Parley } from "./parley.ts";

/** A block of commands, and what it must print. */
const STEP = /^## (.+)\n```sh\n([\s\S]*?)^```\n```text\n([\s\S]*?)^```/gm;
const END = "@@ end of a block @@";

/** Whether a text is the expected one, in which … stands for anything. */
function isLike(text: string, expected: string): boolean {
  const parts = expected
    .trim()
    .split("…")
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\s\\S]*?")}$`).test(text.trim());
}

// `make try`: runs docs/try-it.md on a stack of its own, in one shell, and compares what it prints.
await runMain("make try", async () => {
  const page = await readFile(join(REPOSITORY, "docs/try-it.md"), "utf8");
  const steps = [...page.matchAll(STEP)].map(([, title = "", commands = "", prints = ""]) => ({
    title,
    commands,
    prints,
  }));
  await using parley = await Parley.start({ rateLimits: "on" });
  const { dataDir, ports } = parley.stack;
  const at = { 8080: ports.AUTH_HTTP_PORT, 8081: ports.PRODUCER_HTTP_PORT, 8082: ports.CONSUMER_HTTP_PORT };
  const script = steps.map(({ commands }) => `${commands}echo '${END}'\n`).join("");
  const here = script.replace(/localhost:(808[012])/g, (_, port: keyof typeof at) => `localhost:${at[port]}`);
  const env = { ...process.env, DATA_DIR: dataDir, DATABASE_URL: "", NATS_URL: "" };
  const { stdout, stderr } = await runCommand("bash", ["-c", here], {
    cwd: REPOSITORY,
    env,
    timeoutMs: 90_000,
  });
  const printed = stdout.split(`${END}\n`);
  const wrong = steps.filter(({ prints }, i) => !isLike(printed[i] ?? "", prints));
  for (const step of wrong)
    say(`${step.title}\n--- should print\n${step.prints}--- printed\n${printed[steps.indexOf(step)] ?? ""}`);
  if (wrong.length > 0) say(stderr);
  say(`try-it: ${steps.length - wrong.length} of ${steps.length} steps print what the page says`);
  return wrong.length === 0 && steps.length > 0 ? 0 : 1;
});
