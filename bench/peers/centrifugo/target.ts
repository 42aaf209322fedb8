import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Target } from "@parley/bench/targets/target";
import { findFreePort } from "@parley/devstack/ports";
import { startPostgres } from "@parley/devstack/postgres-server";
import type { ServerProcess } from "@parley/devstack/server-process";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import type { Contender } from "../contender.ts";
import { countMessages, missingPackages, startApplication, versionsOf } from "../node-peer.ts";
import { findProgram } from "../program.ts";
import { startAnswering } from "../start-answering.ts";
import { configOf, signToken } from "./config.ts";

const NAME = "centrifugo";
const STOP_GRACE_MS = 5_000;

/** Undefined if Centrifugo and the application behind it can be started here, else what is missing. */
const missing = (): string | undefined =>
  findProgram(NAME) === undefined ? `run bench/peers/${NAME}/install.sh (needs Go)` : missingPackages();

/**
 * Centrifugo 5 and the application behind it, which has the Postgres. A client publishes to Centrifugo; that asks the
 * application over HTTP (publish proxy), which inserts the message and answers with its id; then Centrifugo publishes
 * it and acknowledges. Weaker than elsewhere: a Centrifugo that dies between the insert and the publication leaves a
 * stored message that nobody was sent and that no recovery brings, and its history dies with it. Its other way, an
 * outbox in Postgres that it reads itself, is there for that and costs nearly twice the CPU time.
 */
async function start(): Promise<Target> {
  const program = findProgram(NAME);
  if (program === undefined) throw new Error(`Centrifugo is not installed: ${missing()}`);
  const version = await promisify(execFile)(program, ["version"]);
  const dataDir = await makeTempDir(`bench-${NAME}`);
  const database = await startPostgres({ dataDir: join(dataDir, "postgres") });
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  const servers: ServerProcess[] = [];
  const stop = async () => {
    await sql.end({ timeout: 1 });
    for (const server of servers.toReversed()) await server.end("SIGTERM", STOP_GRACE_MS);
    await database.stop();
    await removeDataDir(dataDir);
  };
  try {
    const application = await startApplication(NAME, dataDir, database);
    servers.push(application.server);
    const secret = randomBytes(32).toString("base64url");
    const port = await findFreePort();
    const config = join(dataDir, "centrifugo.json");
    const publishUrl = `http://127.0.0.1:${application.port}/publish`;
    await writeFile(config, configOf({ port, publishUrl, secret }), { mode: 0o600 });
    const server = await startAnswering(`http://127.0.0.1:${port}/`, {
      command: program,
      args: ["--config", config],
      // Each variable whose name begins with its own would be an option.
      env: {},
      logFile: join(dataDir, "centrifugo-server.log"),
    });
    servers.push(server);
    return {
      name: NAME,
      dialect: import.meta.resolve("./dialect.ts"),
      endpoint: { url: `ws://127.0.0.1:${port}` },
      versions: {
        centrifugo: /v(\S+)/.exec(version.stdout)?.[1] ?? "",
        node: process.version,
        ...(await versionsOf(["pg"])),
      },
      pids: () => ({
        centrifugo: server.pid,
        application: application.server.pid,
        postgres: database.pid ?? 0,
      }),
      tokens: async (count) => Array.from({ length: count }, (_, i) => signToken(`user-${i}`, secret)),
      stored: () => countMessages(sql),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const centrifugo: Contender = {
  name: NAME,
  title: "Centrifugo + Postgres",
  start,
  holder: NAME,
  missing,
};
