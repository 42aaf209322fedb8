import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { DevstackError } from "./environment.ts";

export type DemoUser = Readonly<{ username: string; password: string }>;
export type Login = Readonly<{
  token: string;
  /** Seconds. */
  expiresIn: number;
  user: Readonly<{ id: string; username: string }>;
}>;

/** New users alice and bob, with random passwords. */
export function makeDemoUsers(): DemoUser[] {
  return ["alice", "bob"].map((username) => ({ username, password: randomBytes(12).toString("base64url") }));
}

/** Reads the demo users from their file, or makes them and writes the file, which only its owner can read. */
export async function keepDemoUsers(file: string): Promise<DemoUser[]> {
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as DemoUser[];
  const users = makeDemoUsers();
  await writeFile(file, `${JSON.stringify(users, undefined, 2)}\n`, { mode: 0o600 });
  return users;
}

/**
 * Registers the user over HTTP unless the name is taken already, and logs in.
 *
 * @throws {DevstackError} DEMO_USER with auth's answer.
 */
export async function logInDemoUser(authUrl: string, user: DemoUser): Promise<Login> {
  const { username } = user;
  const displayName = username.slice(0, 1).toUpperCase() + username.slice(1);
  const post = async (path: string, body: object, expected: number[]): Promise<Response> => {
    const answer = await fetch(`${authUrl}/api/v1/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    if (expected.includes(answer.status)) return answer;
    const text = `demo user ${username}: ${path} answered ${answer.status} ${await answer.text()}`;
    throw new DevstackError("DEMO_USER", text);
  };
  await post("register", { ...user, displayName }, [201, 409]);
  const login = await post("login", user, [200]);
  return ((await login.json()) as { data: Login }).data;
}
