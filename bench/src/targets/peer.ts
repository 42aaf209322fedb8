import { existsSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "@parley/devstack/ports";
import { startPostgres } from "@parley/devstack/postgres-server";
import { spawnServer } from "@parley/devstack/server-process";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import type { DialectName } from "../load/dialects.ts";
import { PEERS } from "./program.ts";
import { untilAnswers } from "./ready.ts";
import type { Target } from "./target.ts";

/** A peer that is one Node process beside a Postgres of the same kind and settings as Parley's; `env`: more for it. */
export async function startNodePeer(
  name: string,
  dialect: DialectName,
  packages: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const folder = join(PEERS, name);
  if (!existsSync(join(folder, "node_modules")))
    throw new Error(`${name} is not installed: run bench/peers/${name}/install.sh`);
  const dataDir = await makeTempDir(`bench-${name}`);
  const database = await startPostgres({ dataDir: join(dataDir, "postgres") });
  const port = await findFreePort();
  const server = await spawnServer({
    command: process.execPath,
    args: [join(folder, "server.mjs")],
    env: { ...process.env, DATABASE_URL: database.url, PORT: String(port), ...env },
    logFile: join(dataDir, `${name}.log`),
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  const stop = async () => {
    await sql.end({ timeout: 1 });
    await server.end("SIGTERM", 5_000);
    await database.stop();
    await removeDataDir(dataDir);
  };
  try {
    await untilAnswers(`http://127.0.0.1:${port}/`, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    dialect,
    endpoint: { url: `ws://127.0.0.1:${port}` },
    versions: { node: process.version, ...(await versionsOf(folder, packages)) },
    pids: () => ({ [name]: server.pid, postgres: database.pid }),
    tokens: async (count) => Array.from({ length: count }, () => ""),
    stored: async () => {
      const [row] = await sql`select count(*)::float8 as count from messages`;
      return Number(row?.count);
    },
    stop,
  };
}

async function versionsOf(folder: string, packages: readonly string[]): Promise<Record<string, string>> {
  const entries = packages.map(async (name) => {
    const file = join(folder, "node_modules", name, "package.json");
    const { default: manifest } = await import(file, { with: { type: "json" } });
    return [name, String(manifest.version)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
