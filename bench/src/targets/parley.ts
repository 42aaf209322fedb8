import { startStack } from "@parley/devstack/stack";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import type { Target } from "./target.ts";
import { fetchTokens } from "./tokens.ts";

const PROCESSES = ["auth", "ws-producer", "ws-consumer", "nats", "postgres"] as const;

export interface ParleyTarget extends Target {
  /** Stops one of its processes in the orderly way and starts it again; resolves when it is ready. */
  restart(name: (typeof PROCESSES)[number]): Promise<void>;
}

/** A whole Parley of one's own on free ports: real NATS and Postgres, and the three services. */
export async function startParley(env: Readonly<Record<string, string>> = {}): Promise<ParleyTarget> {
  const dataDir = await makeTempDir("bench");
  const stack = await startStack({
    dataDir,
    services: ["auth", "ws-producer", "ws-consumer"],
    env: { ...process.env, NODE_ENV: "test", RATE_LIMITS: "off", LOG_LEVEL: "warn", ...env },
  });
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => undefined });
  const socketOf = (service: string) => `${String(stack.urls[service]).replace("http", "ws")}/ws`;
  return {
    name: "parley",
    dialect: "parley",
    endpoint: { producer: socketOf("ws-producer"), consumer: socketOf("ws-consumer") },
    versions: { node: process.version },
    pids: () => Object.fromEntries(PROCESSES.map((name) => [name, stack.service(name).pid ?? 0])),
    tokens: (count) => fetchTokens(String(stack.urls.auth), count),
    restart: async (name) => {
      await stack.service(name).stop();
      await stack.service(name).start();
      await stack.untilReady(name);
    },
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
