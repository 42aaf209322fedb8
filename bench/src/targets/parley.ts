import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Account, openAccount, postJson } from "@parley/devstack/accounts";
import { REPOSITORY } from "@parley/devstack/environment";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import type { Target } from "./target.ts";

const SESSIONS_MAX = 16;
const PROCESSES = ["auth", "ws-producer", "ws-consumer", "nats", "postgres"] as const;

/**
 * Starts a whole Parley on free ports: real NATS and Postgres, and the three services.
 *
 * @param repository - root of an installed checkout whose sources are started; default: this one
 */
export async function startParley(repository = REPOSITORY): Promise<Target> {
  const module = pathToFileURL(join(repository, "packages/devstack/src/stack.ts")).href;
  const { startStack } = (await import(module)) as typeof import("@parley/devstack/stack");
  const dataDir = await makeTempDir("bench");
  const stack = await startStack({
    dataDir,
    env: { ...process.env, NODE_ENV: "test", RATE_LIMITS: "off", LOG_LEVEL: "warn" },
  });
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => undefined });
  const socketOf = (service: string) => `${String(stack.urls[service]).replace("http", "ws")}/ws`;
  return {
    name: "parley",
    dialect: import.meta.resolve("../dialects/parley.ts"),
    endpoint: { producer: socketOf("ws-producer"), consumer: socketOf("ws-consumer") },
    versions: { node: process.version },
    pids: () => Object.fromEntries(PROCESSES.map((name) => [name, stack.service(name).pid ?? 0])),
    tokens: (count) => fetchTokens(String(stack.urls.auth), count),
    stored: async () => {
      const [row] = await sql`select coalesce(sum(head), 0)::float8 as count from chat.rooms`;
      return Number(row?.count);
    },
    stop: async () => {
      await sql.end({ timeout: 1 });
      await stack.stop();
      await removeDataDir(dataDir);
    },
  };
}

/**
 * Distinct access tokens, `count` of them: a few users log in, because hashing passwords is slow on purpose, and their
 * sessions are refreshed for the rest.
 */
async function fetchTokens(authUrl: string, count: number): Promise<string[]> {
  const tokens: string[] = [];
  const openSession = async (share: number) => {
    let session: Pick<Account, "token" | "refreshToken"> = await openAccount(authUrl, {});
    for (let i = 0; i < share; i += 1) {
      tokens.push(session.token);
      if (i + 1 === share) return;
      const { refreshToken } = session;
      session = (await postJson(`${authUrl}/api/v1/refresh`, { refreshToken })) as Account;
    }
  };
  const sessions = Math.min(SESSIONS_MAX, count);
  const shares = Array.from({ length: sessions }, (_, i) => Math.floor((count + i) / sessions));
  await Promise.all(shares.map(openSession));
  return tokens;
}
