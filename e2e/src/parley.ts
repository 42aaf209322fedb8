import { randomBytes } from "node:crypto";
import { type Stack, type StackOptions, startStack } from "@parley/devstack/stack";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import type { Received } from "./member.ts";

export type Person = Readonly<{ id: string; username: string; token: string; password: string }>;

/** How many messages a page of history is asked for. */
const PAGE = 200;

/** A whole Parley of one's own: real processes on free ports, in a folder that is removed afterwards. */
export class Parley {
  readonly stack: Stack;

  constructor(stack: Stack) {
    this.stack = stack;
  }

  static async start(options: Partial<StackOptions> & { rateLimits?: "on" | "off" } = {}): Promise<Parley> {
    const { rateLimits = "off", env = process.env, ...rest } = options;
    const dataDir = await makeTempDir("e2e");
    const stack = await startStack({
      dataDir,
      services: ["auth", "ws-producer", "ws-consumer"],
      ...rest,
      env: { ...env, NODE_ENV: "test", RATE_LIMITS: rateLimits },
    });
    return new Parley(stack);
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    await removeDataDir(this.stack.dataDir);
  }

  url(service: "auth" | "ws-producer" | "ws-consumer" | "ws-consumer-2"): string {
    return this.stack.urls[service] as string;
  }

  get producerSocket(): string {
    return `${this.url("ws-producer").replace("http", "ws")}/ws`;
  }

  get consumerSocket(): string {
    return `${this.url("ws-consumer").replace("http", "ws")}/ws`;
  }

  async #post(path: string, body: object): Promise<{ status: number; data: never }> {
    const answer = await fetch(`${this.url("auth")}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const { data } = (await answer.json()) as { data: never };
    return { status: answer.status, data };
  }

  /** Registers somebody and logs in. */
  async person(username: string): Promise<Person> {
    const password = randomBytes(12).toString("base64url");
    const registered = await this.#post("/api/v1/register", { username, password });
    if (registered.status !== 201) throw new Error(`register answered ${registered.status}`);
    const { data } = await this.#post("/api/v1/login", { username, password });
    const { token, user } = data as { token: string; user: { id: string } };
    return { id: user.id, username, token, password };
  }

  /** All of a room's history, oldest first, page by page. */
  async history(room: string, token: string): Promise<Received[]> {
    const messages: Received[] = [];
    for (;;) {
      const after = messages.at(-1)?.seq ?? 0;
      const url = `${this.url("ws-consumer")}/api/v1/rooms/${room}/messages?after=${after}&limit=${PAGE}`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      if (answer.status !== 200) throw new Error(`history answered ${answer.status}: ${await answer.text()}`);
      const { data } = (await answer.json()) as { data: Received[] };
      messages.push(...data);
      if (data.length < PAGE) return messages;
    }
  }
}

/** Waits until something holds. @throws {Error} naming what did not come true in time. */
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
