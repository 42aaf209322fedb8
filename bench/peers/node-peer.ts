import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Target } from "@parley/bench/targets/target";
import { findFreePort } from "@parley/devstack/ports";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import type { ServerProcess } from "@parley/devstack/server-process";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import { PEERS } from "./program.ts";
import { startAnswering } from "./start-answering.ts";

/** Undefined if the packages of this workspace are installed, else how to install them. */
export const missingPackages = (): string | undefined =>
  existsSync(join(PEERS, "node_modules")) ? undefined : "run npm ci in bench/peers";

/** Starts a peer's server.mjs on that Postgres; `env`: more for it. @throws if it is not installed or does not answer. */
export async function startApplication(
  name: string,
  dataDir: string,
  database: PostgresServer,
  env: Readonly<Record<string, string>> = {},
): Promise<{ server: ServerProcess; port: number }> {
  const missing = missingPackages();
  if (missing !== undefined) throw new Error(`${name} is not installed: ${missing}`);
  const port = await findFreePort();
  const server = await startAnswering(`http://127.0.0.1:${port}/`, {
    command: process.execPath,
    args: [join(PEERS, name, "server.mjs")],
    env: { ...process.env, DATABASE_URL: database.url, PORT: String(port), ...env },
    logFile: join(dataDir, `${name}.log`),
  });
  return { server, port };
}

/** Rows of the table that `peers/store.mjs` writes. */
export async function countMessages(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`select count(*)::float8 as count from messages`;
  return Number(row?.count);
}

/** A peer that is one Node process beside a Postgres of the same kind and settings as Parley's; `env`: more for it. */
export async function startNodePeer(
  name: string,
  packages: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const dataDir = await makeTempDir(`bench-${name}`);
  const database = await startPostgres({ dataDir: join(dataDir, "postgres") });
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  let server: ServerProcess | undefined;
  const stop = async () => {
    await sql.end({ timeout: 1 });
    await server?.end("SIGTERM", 5_000);
    await database.stop();
    await removeDataDir(dataDir);
  };
  try {
    const application = await startApplication(name, dataDir, database, env);
    server = application.server;
    const { pid } = server;
    return {
      name,
      dialect: pathToFileURL(join(PEERS, name, "dialect.ts")).href,
      endpoint: { url: `ws://127.0.0.1:${application.port}` },
      versions: { node: process.version, ...(await versionsOf(packages)) },
      pids: () => ({ [name]: pid, postgres: database.pid ?? 0 }),
      tokens: async (count) => Array.from({ length: count }, () => ""),
      stored: () => countMessages(sql),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Versions of npm packages as installed in this workspace. */
export async function versionsOf(packages: readonly string[]): Promise<Record<string, string>> {
  const entries = packages.map(async (name) => {
    const file = join(PEERS, "node_modules", name, "package.json");
    const { default: manifest } = await import(file, { with: { type: "json" } });
    return [name, String(manifest.version)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
