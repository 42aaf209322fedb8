import type { LocalServer } from "@parley/devstack/local-server";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import { createUnit, type Unit, type UnitProcess } from "@parley/devstack/unit";

/** A server that comes back by itself when it dies, like everything else in a stack. */
export type Backend<Server> = Readonly<{ unit: Unit; server: Server }>;

export async function startNatsBackend(
  dataDir: string,
  logFile: string,
  extraConfig?: string,
): Promise<Backend<NatsServer>> {
  return supervise("nats", await startNats({ dataDir, logFile, extraConfig }));
}

export async function startPostgresBackend(
  dataDir: string,
  logFile: string,
): Promise<Backend<PostgresServer>> {
  return supervise("postgres", await startPostgres({ dataDir, logFile }));
}

async function supervise<Server extends LocalServer>(name: string, server: Server): Promise<Backend<Server>> {
  let isFirst = true;
  const launch = async (): Promise<UnitProcess> => {
    if (!isFirst) await server.restart();
    isFirst = false;
    const { pid, exited } = server;
    return { pid, exited, stop: () => server.stop(), kill: (signal) => server.kill(signal) };
  };
  const ignore = () => undefined;
  const unit = createUnit({ name, launch, supervise: true, onStopped: ignore, onProgress: ignore });
  await unit.start();
  return { unit, server };
}
