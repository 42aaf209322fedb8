import { existsSync } from "node:fs";
import { join } from "node:path";
import { failureOf, waitForDatabase, withConnection, withoutPassword } from "@parley/devstack/database";
import { type Environment, type Progress, SettingError, variable } from "@parley/devstack/environment";
import { startPostgres } from "@parley/devstack/postgres-server";
import { takeRunDir } from "@parley/devstack/run-dir";
import { findInstallation } from "./installation.ts";

/**
 * The server that takes writes of the database to be replaced, and whose it is: what DATABASE_URL names, else that of the
 * containers, else the stack's own, which is started for a while.
 *
 * @throws {SettingError} NOTHING_RUNS if the containers' does not answer and the stack has none.
 */
export async function openReplaced(
  env: Environment,
  dataDir: string,
  closers: AsyncDisposableStack,
  onProgress: Progress,
): Promise<Readonly<{ url: string; owner: string }>> {
  const named = variable(env, "DATABASE_URL");
  if (named !== undefined) {
    const onWaiting = (why: string) => onProgress(`restore: waiting for ${withoutPassword(named)} (${why})`);
    return { url: await waitForDatabase(named, onWaiting), owner: "DATABASE_URL" };
  }
  const found = await findInstallation(env).catch(() => undefined);
  const url = variable(found?.variables ?? {}, "DATABASE_URL");
  if (found?.kind === "containers" && url !== undefined) {
    const failure = await failureOf(url);
    if (failure === undefined) return { url, owner: "the containers" };
    // The passwords in `.env` may be left from containers that are gone.
    if (!existsSync(join(dataDir, "postgres/cluster"))) {
      const text = `the containers' Postgres cannot be used (${failure.reason}): docker compose up --detach postgres`;
      throw new SettingError("NOTHING_RUNS", text);
    }
  }
  const runDir = await takeRunDir(dataDir, onProgress);
  closers.defer(() => runDir.release());
  const server = await startPostgres({ dataDir: join(dataDir, "postgres"), onProgress });
  closers.defer(() => server.stop());
  return { url: server.url, owner: `the stack in ${dataDir}` };
}

/**
 * @throws {SettingError} RUNNING if anybody else is connected. Who is no superuser sees no `backend_type` of other users;
 * the workers of Postgres itself have no user.
 */
export async function refuseClients(url: string): Promise<void> {
  const clients = await withConnection(
    url,
    (sql) => sql<{ name: string }[]>`
      select distinct coalesce(nullif(application_name, ''), usename, 'unknown') as name from pg_stat_activity
      where datname = current_database() and usename is not null and pid <> pg_backend_pid()`,
  );
  if (clients.length === 0) return;
  const names = clients.map(({ name }) => name).join(", ");
  throw new SettingError("RUNNING", `${names} is connected to the database: stop all services first`);
}
