import { writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import type { Target } from "@parley/bench/targets/target";
import { findFreePort } from "@parley/devstack/ports";
import { startPostgres } from "@parley/devstack/postgres-server";
import { runCommand } from "@parley/devstack/run-command";
import type { ServerProcess } from "@parley/devstack/server-process";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import type { Contender } from "../contender.ts";
import { findProgram } from "../program.ts";
import { startAnswering } from "../start-answering.ts";
import { type AccountConnection, makeTokens, openAccount } from "./account.ts";
import { configOf } from "./config.ts";
import { serveRooms } from "./rooms.ts";

const DATABASE = "tinode";

/** Undefined if Tinode can be started here, else what is missing. */
function missing(): string | undefined {
  const isHere = ["tinode", "tinode-db"].every((name) => findProgram("tinode", name) !== undefined);
  return isHere ? undefined : "run bench/peers/tinode/install.sh (needs Go)";
}

/**
 * Tinode, one server with its tables in Postgres. A message is three statements there, one after the other and each
 * committed by itself: the topic's number, the message, how far its sender has read. The acknowledgement comes after
 * the third; only where that one fails it comes all the same, for the message is stored by then. A topic does one
 * message at a time, holds 192 more, and refuses what is beyond that (503). A message that is sent again under the
 * same id is stored again.
 *
 * Its log repeats every request, tokens included, and has no level: it goes nowhere, but is still written by Tinode.
 *
 * @throws if it is not installed or does not start.
 */
async function start(): Promise<Target> {
  const [program, setUp] = ["tinode", "tinode-db"].map((name) => findProgram("tinode", name));
  if (program === undefined || setUp === undefined) throw new Error(`Tinode: ${missing()}`);
  const dataDir = await makeTempDir("bench-tinode");
  const database = await startPostgres({ dataDir: join(dataDir, "postgres") });
  const databaseUrl = new URL(`/${DATABASE}`, database.url);
  const sql = postgres(databaseUrl.href, { max: 1, onnotice: () => undefined });
  let server: ServerProcess | undefined;
  let owner: AccountConnection | undefined;
  let rooms: Server | undefined;
  const stop = async () => {
    rooms?.closeAllConnections();
    rooms?.close();
    owner?.close();
    await sql.end({ timeout: 1 });
    await server?.end("SIGTERM", 10_000);
    await database.stop();
    await removeDataDir(dataDir);
  };
  try {
    const port = await findFreePort();
    const { text, apiKey } = configOf(port, databaseUrl);
    const config = join(dataDir, "tinode.conf");
    await writeFile(config, text, { mode: 0o600 });
    const made = await runCommand(setUp, [`-config=${config}`], { cwd: dataDir });
    if (made.code !== 0) throw new Error(`tinode-db failed: ${made.stderr.trim().slice(-800)}`);
    server = await startAnswering(`http://127.0.0.1:${port}/`, {
      command: program,
      args: [`-config=${config}`, "-static_data=-"],
      cwd: dataDir,
      logFile: "/dev/null",
    });
    const url = `ws://127.0.0.1:${port}/v0/channels?apikey=${apiKey}`;
    owner = await openAccount(url);
    const roomsPort = await findFreePort();
    rooms = await serveRooms(owner, roomsPort);
    return {
      name: "tinode",
      dialect: import.meta.resolve("./dialect.ts"),
      endpoint: { url, rooms: `http://127.0.0.1:${roomsPort}` },
      versions: { tinode: owner.version },
      pids: () => ({ tinode: (server as ServerProcess).pid, postgres: database.pid ?? 0 }),
      tokens: (count) => makeTokens(url, count),
      stored: async () => {
        const [row] = await sql`select count(*)::float8 as count from messages`;
        return Number(row?.count);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const tinode: Contender = {
  name: "tinode",
  title: "Tinode + Postgres",
  start,
  holder: "tinode",
  missing,
};
