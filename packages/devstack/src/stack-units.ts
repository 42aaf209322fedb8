import { connect } from "node:net";
import { join } from "node:path";
import { DevstackError, type Environment, type Progress, REPOSITORY } from "./environment.ts";
import type { DatabasePasswords, NatsPasswords } from "./logins.ts";
import { type NatsServer, startNats } from "./nats-server.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import type { RunDir } from "./run-dir.ts";
import { spawnServer } from "./server-process.ts";
import type { Ports, ServicePlan } from "./stack-services.ts";
import { createUnit, type Unit, type UnitProcess } from "./unit.ts";

const STOP_GRACE_MS = 10_000;
/** As in the images: half of Node's own limit for new objects (docs/decisions/0020-an-idle-socket-is-small.md). */
const YOUNG_HEAP = "--max-semi-space-size=16";

export type UnitContext = Readonly<{
  dataDir: string;
  env: Environment;
  supervise: boolean;
  runDir: RunDir;
  onProgress: Progress;
}>;

/** Passwords are those of the stack's own servers; a server of one's own has none that we know of. */
export type NatsBackend = Readonly<{
  url: string;
  monitorUrl: string | undefined;
  passwords?: NatsPasswords;
}>;
export type PostgresBackend = Readonly<{ url: string; passwords?: DatabasePasswords }>;

/** The stack's own nats-server as a unit, open to those with a password; it keeps its data in `nats/`. */
export function natsUnit(
  ports: Ports,
  passwords: NatsPasswords,
  context: UnitContext,
): NatsBackend & Readonly<{ unit: Unit }> {
  let server: NatsServer | undefined;
  const launch = async (): Promise<UnitProcess> => {
    if (server === undefined) {
      server = await startNats({
        dataDir: join(context.dataDir, "nats"),
        port: ports.NATS_PORT,
        monitorPort: ports.NATS_MONITOR_PORT,
        logFile: join(context.dataDir, "logs/nats.log"),
        passwords,
        env: context.env,
        onProgress: context.onProgress,
        onSpawn: (pid) => context.runDir.record("nats", pid),
      });
    } else await server.restart();
    context.onProgress(`nats: ready on port ${server.port}`);
    return processOf(server);
  };
  const unit = unitNamed("nats", launch, context);
  return {
    url: `nats://127.0.0.1:${ports.NATS_PORT}`,
    monitorUrl: `http://127.0.0.1:${ports.NATS_MONITOR_PORT}`,
    passwords,
    unit,
  };
}

/** The stack's own Postgres as a unit; it keeps its data in `postgres/`. The url is known once it has started. */
export function postgresUnit(
  ports: Ports,
  context: UnitContext,
): Readonly<{ unit: Unit; url: () => string }> {
  let server: PostgresServer | undefined;
  const launch = async (): Promise<UnitProcess> => {
    if (server === undefined) {
      server = await startPostgres({
        dataDir: join(context.dataDir, "postgres"),
        port: ports.POSTGRES_PORT,
        logFile: join(context.dataDir, "logs/postgres.log"),
        onProgress: context.onProgress,
        onSpawn: (pid) => context.runDir.record("postgres", pid),
      });
    } else await server.restart();
    context.onProgress(`postgres: ready on port ${server.port}`);
    return processOf(server);
  };
  const url = () => {
    if (server === undefined) throw new Error("Postgres has not been started");
    return server.url;
  };
  return { unit: unitNamed("postgres", launch, context), url };
}

/** One Node process as a unit. It is told over its IPC channel when this process is gone. */
export function serviceUnit(plan: ServicePlan, context: UnitContext): Unit {
  const launch = async (): Promise<UnitProcess> => {
    const child = await spawnServer({
      command: process.execPath,
      args: [YOUNG_HEAP, plan.entry],
      cwd: REPOSITORY,
      env: { ...context.env, ...plan.env },
      logFile: join(context.dataDir, "logs", `${plan.name}.log`),
      ipc: true,
      onSpawn: (pid) => context.runDir.record(plan.name, pid),
    });
    return {
      pid: child.pid,
      exited: child.exited,
      stop: async () => void (await child.end("SIGTERM", STOP_GRACE_MS)),
      kill: async (signal) => {
        if (signal === "SIGSTOP" || signal === "SIGCONT") child.signal(signal);
        else await child.end(signal);
      },
    };
  };
  return unitNamed(plan.name, launch, context);
}

/**
 * Checks that a NATS server of one's own listens.
 *
 * @throws {DevstackError} NATS_UNREACHABLE after 10 s.
 */
export async function requireNats(url: string): Promise<void> {
  const reasons: string[] = [];
  for (const server of url.split(",")) {
    const { hostname, port } = new URL(server.includes("://") ? server : `nats://${server}`);
    const reason = await new Promise<string | undefined>((resolve) => {
      const socket = connect({ host: hostname, port: Number(port || 4222), timeout: 10_000 });
      const finish = (text?: string) => {
        socket.destroy();
        resolve(text);
      };
      socket.once("data", () => finish());
      socket.once("timeout", () => finish("no answer in 10 s"));
      socket.once("error", (error) => finish(error.message));
    });
    if (reason === undefined) return;
    reasons.push(`${hostname}:${port || 4222}: ${reason}`);
  }
  throw new DevstackError("NATS_UNREACHABLE", `NATS_URL: ${reasons.join("; ")}`);
}

function unitNamed(name: string, launch: () => Promise<UnitProcess>, context: UnitContext): Unit {
  const { supervise, onProgress, runDir } = context;
  return createUnit({ name, launch, supervise, onProgress, onStopped: () => runDir.forget(name) });
}

/** The server as it is now; a later restart makes another process of it. */
function processOf(server: NatsServer | PostgresServer): UnitProcess {
  const { pid, exited } = server;
  return { pid, exited, stop: () => server.stop(), kill: (signal) => server.kill(signal) };
}
