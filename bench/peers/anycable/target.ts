import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Target } from "@parley/bench/targets/target";
import { findFreePort } from "@parley/devstack/ports";
import type { ServerProcess } from "@parley/devstack/server-process";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import type { Contender } from "../contender.ts";
import { missingPackages, startNodePeer } from "../node-peer.ts";
import { findProgram } from "../program.ts";
import { startAnswering } from "../start-answering.ts";

const PROGRAM = "anycable-go";
const STOP_GRACE_MS = 10_000;

const findAnyCable = () => findProgram("anycable", PROGRAM);

/** Undefined if AnyCable can be started here, else what is missing. */
function missing(): string | undefined {
  const isHere = findAnyCable() !== undefined && missingPackages() === undefined;
  return isHere ? undefined : "run bench/peers/anycable/install.sh (needs Go)";
}

/**
 * AnyCable, whose Go server holds the sockets and calls an application for each connection, subscription and message:
 * here a Node process by HTTP, AnyCable's way for applications that are not Rails. The application inserts, broadcasts
 * by HTTP and then answers; its answer is the acknowledgement, so that it comes after the store. What is weaker: a call
 * that takes longer than 3 s is given up without a word to the sender, though its message is stored and delivered
 * later, perhaps after the next one; and what members missed is kept in the memory of one process (100 messages a
 * stream, 300 s), no longer.
 */
async function start(): Promise<Target> {
  const program = findAnyCable();
  if (program === undefined) throw new Error(`AnyCable is not installed: ${missing()}`);
  const dataDir = await makeTempDir("bench-anycable-go");
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const secrets = {
    ANYCABLE_BROADCAST_KEY: randomBytes(24).toString("base64url"),
    ANYCABLE_HTTP_RPC_SECRET: randomBytes(24).toString("base64url"),
  };
  let application: Target | undefined;
  let server: ServerProcess | undefined;
  const stop = async () => {
    await server?.end("SIGTERM", STOP_GRACE_MS);
    await application?.stop();
    await removeDataDir(dataDir);
  };
  try {
    application = await startNodePeer("anycable", ["pg"], { ...secrets, ANYCABLE_URL: url });
    const { pids, versions, endpoint } = application;
    server = await startAnswering(`${url}/health`, {
      command: program,
      args: argsOf(port, String(endpoint.url).replace("ws", "http")),
      // Otherwise it tells its makers by the network how it is used.
      env: { ...process.env, ...secrets, ANYCABLE_DISABLE_TELEMETRY: "true" },
      cwd: dataDir,
      logFile: join(dataDir, "anycable-go.log"),
    });
    return {
      ...application,
      endpoint: { url: url.replace("http", "ws") },
      versions: { ...versions, [PROGRAM]: execFileSync(program, ["-v"], { encoding: "utf8" }).trim() },
      pids: () => ({ [PROGRAM]: (server as ServerProcess).pid, ...pids() }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * What the documentation names for reliable streams and for calls by HTTP; all else as it comes: 28 calls at a time (10
 * or 60 cost no less CPU time here), no limit of connections, 64 KB a message, a ping for each socket every 3 s.
 */
const argsOf = (port: number, application: string): string[] => [
  "--ignore-config-path",
  "--presets=none",
  "--host=127.0.0.1",
  `--port=${port}`,
  `--rpc_host=${application}/_anycable`,
  "--broadcast_adapter=http",
  "--broker=memory",
  // The application does not ask who has left.
  "--disconnect_mode=never",
  "--log_level=warn",
];

export const anycable: Contender = {
  name: "anycable",
  title: "AnyCable + Postgres",
  start,
  holder: PROGRAM,
  missing,
};
