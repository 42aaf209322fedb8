import { existsSync, globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Target } from "@parley/bench/targets/target";
import { findFreePort } from "@parley/devstack/ports";
import { startPostgres } from "@parley/devstack/postgres-server";
import type { ServerProcess } from "@parley/devstack/server-process";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import type { Contender } from "../contender.ts";
import { startAnswering } from "../start-answering.ts";

const ERL = "/usr/bin/erl";
const DRIVER = "/usr/lib/erlang/lib/p1_pgsql-*";
const SCHEMA = "/usr/share/ejabberd/sql/pg.sql";

/** The package's Erlang application, in a folder that depends on the processor. */
const findApplication = (): string | undefined =>
  globSync("/usr/lib/*/ejabberd-[0-9]*").toSorted((a, b) => b.length - a.length)[0];

/** Undefined if ejabberd can be started here, else what is missing. */
function missing(): string | undefined {
  const isHere =
    [ERL, SCHEMA].every((path) => existsSync(path)) &&
    globSync(DRIVER).length > 0 &&
    findApplication() !== undefined;
  return isHere ? undefined : "run bench/peers/ejabberd/install.sh (Debian, as root)";
}

/**
 * ejabberd of the Debian package with rooms (mod_muc) whose archive (mod_mam) is in Postgres. It runs by `erl` itself
 * and not by `ejabberdctl`, which would change to the package's account; as a node without a name, so that no epmd is
 * started and nothing but its WebSocket listens.
 */
async function start(): Promise<Target> {
  const application = findApplication();
  if (application === undefined) throw new Error(`ejabberd is not installed: ${missing()}`);
  const dataDir = await makeTempDir("bench-ejabberd");
  const database = await startPostgres({ dataDir: join(dataDir, "postgres") });
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  let server: ServerProcess | undefined;
  const stop = async () => {
    await sql.end({ timeout: 1 });
    await server?.end("SIGTERM", 10_000);
    await database.stop();
    await removeDataDir(dataDir);
  };
  try {
    await sql.unsafe(await readFile(SCHEMA, "utf8"));
    const port = await findFreePort();
    const config = join(dataDir, "ejabberd.yml");
    await writeFile(config, configOf(port, new URL(database.url)), { mode: 0o600 });
    server = await startAnswering(`http://127.0.0.1:${port}/`, {
      command: ERL,
      // As ejabberdctl of the package has them.
      args: [..."-noinput +K true +P 250000 -s ejabberd -mnesia dir".split(" "), `"${dataDir}/mnesia"`],
      env: {
        ...process.env,
        ERL_LIBS: dirname(application),
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: join(dataDir, "ejabberd.log"),
        ERL_CRASH_DUMP_SECONDS: "0",
      },
      cwd: dataDir,
      logFile: join(dataDir, "erl.log"),
    });
    return {
      name: "ejabberd",
      dialect: import.meta.resolve("./dialect.ts"),
      endpoint: { url: `ws://127.0.0.1:${port}` },
      versions: { ejabberd: basename(application).slice("ejabberd-".length) },
      pids: () => ({ ejabberd: (server as ServerProcess).pid, postgres: database.pid ?? 0 }),
      tokens: async (count) => Array.from({ length: count }, () => ""),
      stored: async () => {
        const [row] = await sql`select count(*)::float8 as count from archive where kind = 'groupchat'`;
        return Number(row?.count);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Rooms are made by who comes first; everybody is let in without a password (SASL ANONYMOUS). Who is in a room is told
 * to nobody: 1,000 members would make 1,000,000 presences, which are no part of the job. With the default backlog of 5, connections made side by side wait
 * for a second try of TCP.
 */
const configOf = (port: number, database: URL): string => `
loglevel: warning
hosts: [localhost]
auth_method: [anonymous]
anonymous_protocol: sasl_anon
default_db: sql
sql_type: pgsql
sql_server: ${database.hostname}
sql_port: ${database.port}
sql_database: ${database.pathname.slice(1)}
sql_username: ${database.username}
sql_password: "${database.password}"
listen:
  - port: ${port}
    ip: 127.0.0.1
    module: ejabberd_http
    backlog: 1024
    request_handlers:
      /ws: ejabberd_http_ws
modules:
  mod_mam:
    default: never
  mod_muc:
    db_type: mnesia
    history_size: 0
    max_users: 5000
    default_room_options:
      mam: true
      max_users: 5000
      presence_broadcast: []
`;

export const ejabberd: Contender = {
  name: "ejabberd",
  title: "ejabberd + Postgres",
  start,
  holder: "ejabberd",
  missing,
};
