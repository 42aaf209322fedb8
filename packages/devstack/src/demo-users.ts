import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DevstackError } from "./environment.ts";

export type DemoUser = Readonly<{ username: string; password: string }>;
export type Login = Readonly<{
  token: string;
  refreshToken?: string;
  /** Seconds. */
  expiresIn: number;
  user: Readonly<{ id: string; username: string }>;
}>;

/** Reads the demo users from their file, or makes new ones (alice and bob, with random passwords) and keeps them there. */
export async function keepDemoUsers(file: string): Promise<DemoUser[]> {
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as DemoUser[];
  const users = ["alice", "bob"].map((username) => ({
    username,
    password: randomBytes(12).toString("base64url"),
  }));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(users, undefined, 2)}\n`, { mode: 0o600 });
  return users;
}

/**
 * Registers the user over HTTP unless the name is taken already, and logs in.
 *
 * @throws {DevstackError} DEMO_USER with what auth said.
 */
export async function enterDemoUser(authUrl: string, user: DemoUser): Promise<Login> {
  const displayName = user.username.slice(0, 1).toUpperCase() + user.username.slice(1);
  const registered = await postJson(`${authUrl}/api/v1/register`, { ...user, displayName });
  if (registered.status !== 201 && registered.status !== 409) {
    throw new DevstackError(
      "DEMO_USER",
      `registering ${user.username}: ${registered.status} ${registered.text}`,
    );
  }
  const login = await postJson(`${authUrl}/api/v1/login`, user);
  if (login.status !== 200) {
    const hint = registered.status === 409 ? " (the name is taken by someone with another password)" : "";
    throw new DevstackError(
      "DEMO_USER",
      `logging in as ${user.username}${hint}: ${login.status} ${login.text}`,
    );
  }
  return (JSON.parse(login.text) as { data: Login }).data;
}

async function postJson(url: string, body: unknown): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  return { status: answer.status, text: await answer.text() };
}
