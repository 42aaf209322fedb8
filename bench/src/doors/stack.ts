import { type Stack, type StackOptions, startStack } from "@parley/devstack/stack";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { PASSWORD, post } from "../auth-process.ts";

export type Session = Readonly<{ token: string; userId: string }>;

/** Logins that are under way at once while sessions are made. */
const AT_ONCE = 4;

/** Runs something on a whole Parley without limits, which is removed afterwards. */
export async function withStack(
  options: Partial<StackOptions>,
  work: (stack: Stack) => Promise<void>,
): Promise<void> {
  const dataDir = await makeTempDir("bench-doors");
  const env = { ...process.env, NODE_ENV: "test", RATE_LIMITS: "off", LOG_LEVEL: "warn" };
  const stack = await startStack({
    dataDir,
    services: ["auth", "ws-producer", "ws-consumer"],
    env,
    ...options,
  });
  try {
    await work(stack);
  } finally {
    await stack.stop();
    await removeDataDir(dataDir);
  }
}

/** Registers so many users, `user-0` and up, with the password of everybody. */
export async function registerUsers(stack: Stack, count: number): Promise<void> {
  await inTurns(count, async (i) => {
    const answer = await post(`${stack.urls.auth}/api/v1/register`, {
      username: `user-${i}`,
      password: PASSWORD,
    });
    if (answer.status !== 201) throw new Error(`register answered ${answer.status}`);
  });
}

/** Opens so many sessions, of as many users in turn. */
export async function openSessions(stack: Stack, count: number, users: number): Promise<Session[]> {
  return inTurns(count, async (i) => {
    const body = { username: `user-${i % users}`, password: PASSWORD };
    const answer = await post(`${stack.urls.auth}/api/v1/login`, body);
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}`);
    const { token, user } = (JSON.parse(answer.text) as { data: { token: string; user: { id: string } } })
      .data;
    return { token, userId: user.id };
  });
}

async function inTurns<T>(count: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < count; i = next++) results[i] = await work(i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

/** The socket's address of a service. */
export function socketUrl(stack: Stack, service: "ws-producer" | "ws-consumer"): string {
  return `${stack.urls[service]?.replace("http", "ws")}/ws`;
}
