import { type Message, readHistory } from "@parley/bench/chaos/read-history";
import { type Account, openAccount } from "@parley/devstack/accounts";
import { REPOSITORY } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { type Stack, type StackOptions, startStack } from "@parley/devstack/stack";
import { makeTempDir } from "@parley/devstack/temp-dir";

export type ServiceUrl = "auth" | "ws-producer" | "ws-consumer" | "ws-consumer-2";

/** A whole Parley for one test file: real processes on free ports, in a temporary folder. */
export class Parley {
  readonly stack: Stack;

  constructor(stack: Stack) {
    this.stack = stack;
  }

  static async start(options: Partial<StackOptions> & { rateLimits?: "on" | "off" } = {}): Promise<Parley> {
    const { rateLimits = "off", env = process.env, ...rest } = options;
    const stack = await startStack({
      dataDir: await makeTempDir("e2e"),
      ...rest,
      env: { ...env, NODE_ENV: "test", RATE_LIMITS: rateLimits },
    });
    return new Parley(stack);
  }

  stop(): Promise<void> {
    return this.stack.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  url(service: ServiceUrl): string {
    return this.stack.urls[service] as string;
  }

  get producerSocket(): string {
    return `${this.url("ws-producer").replace("http", "ws")}/ws`;
  }

  get consumerSocket(): string {
    return `${this.url("ws-consumer").replace("http", "ws")}/ws`;
  }

  get secondConsumerSocket(): string {
    return `${this.url("ws-consumer-2").replace("http", "ws")}/ws`;
  }

  /** Runs a source file on this stack, as operators do: variables of the developer's own that name servers are unset. */
  run(file: string, ...args: readonly string[]): ReturnType<typeof runCommand> {
    const env = { ...process.env, DATA_DIR: this.stack.dataDir, DATABASE_URL: "", NATS_URL: "" };
    return runCommand(process.execPath, [file, ...args], { cwd: REPOSITORY, env });
  }

  /** Registers a user and logs in. */
  person(username: string): Promise<Account> {
    return openAccount(this.url("auth"), { username });
  }

  /** Registers several users and logs them in. */
  people<const Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ [Index in keyof Names]: Account }> {
    return Promise.all(names.map((name) => this.person(name))) as Promise<never>;
  }

  /** All of a room's history, oldest first. */
  history(room: string, token: string): Promise<Message[]> {
    return readHistory(this.url("ws-consumer"), token, room);
  }
}

/** Waits until a condition holds. @throws {Error} naming what did not come true in time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 30_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not in ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
