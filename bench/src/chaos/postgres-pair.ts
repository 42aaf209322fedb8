import { execFile } from "node:child_process";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { withConnection } from "@parley/devstack/database";
import { findFreePort } from "@parley/devstack/ports";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import { sleep } from "@parley/runtime/deadline";
import { TcpProxy } from "./tcp-proxy.ts";

const run = promisify(execFile);
/** How far an asynchronous standby lags when the primary dies, and how long nobody has promoted it then, ms. */
const LAG_MS = 2_000;
const PROMOTED_AFTER_MS = 2_000;
const SAMPLE_MS = 250;

export type Replication = "synchronous" | "asynchronous";

/** A primary and a standby, between which a proxy stands. */
export class PostgresPair {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  /** Most connections of clients to the primary at once. */
  backendsMost = 0;
  readonly #replication: Replication;
  readonly #proxy: TcpProxy;

  private constructor(
    [primary, standby]: readonly [PostgresServer, PostgresServer],
    proxy: TcpProxy,
    replication: Replication,
  ) {
    this.primary = primary;
    this.standby = standby;
    this.#proxy = proxy;
    this.#replication = replication;
  }

  /** Starts both; the standby is a copy of the primary at rest. `closers` get what stops them. */
  static async start(
    dir: string,
    logsDir: string,
    replication: Replication,
    closers: AsyncDisposableStack,
  ): Promise<PostgresPair> {
    const [first, second] = [join(dir, "postgres"), join(dir, "postgres-standby")];
    const options = (dataDir: string) => ({
      dataDir,
      logFile: join(logsDir, `${dataDir.slice(dir.length)}.log`),
    });
    const primary = await startPostgres(options(first));
    closers.defer(() => primary.stop());
    await primary.stop();
    await run("cp", ["-a", first, second]);
    await primary.startReady();
    const proxy = await TcpProxy.start(await findFreePort(), primary.port);
    closers.defer(() => proxy.close());
    const { username, password } = new URL(primary.url);
    const source = `host=127.0.0.1 port=${proxy.port} user=${username} password=${password} application_name=standby`;
    await writeFile(join(second, "cluster/standby.signal"), "");
    await appendFile(join(second, "cluster/postgresql.auto.conf"), `primary_conninfo = '${source}'\n`);
    const standby = await startPostgres({ ...options(second), isStandby: true });
    closers.defer(() => standby.stop());
    if (replication === "synchronous")
      await withConnection(primary.url, async (sql) => {
        await sql`alter system set synchronous_standby_names = 'standby'`;
        await sql`select pg_reload_conf()`;
      });
    return new PostgresPair([primary, standby], proxy, replication);
  }

  /** Counts the primary's backends until it is gone. */
  async watch(): Promise<void> {
    await withConnection(this.primary.url, async (sql) => {
      for (;;) {
        const [row] = await sql<{ count: string }[]>`
          select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`;
        this.backendsMost = Math.max(this.backendsMost, Number(row?.count));
        await sleep(SAMPLE_MS);
      }
    }).catch(() => undefined);
  }

  /** Waits until the standby receives what the primary writes. */
  async untilStreaming(): Promise<void> {
    await withConnection(this.primary.url, async (sql) => {
      while ((await sql`select 1 from pg_stat_replication where state = 'streaming'`).length === 0)
        await sleep(SAMPLE_MS);
    });
  }

  /** Kills the primary, and promotes the standby 2 s later; an asynchronous one has not heard of its last 2 s. */
  async failOver(): Promise<void> {
    if (this.#replication === "asynchronous") {
      this.#proxy.cut();
      await sleep(LAG_MS);
    }
    await this.primary.kill();
    await sleep(PROMOTED_AFTER_MS);
    await withConnection(this.standby.url, (sql) => sql`select pg_promote()`);
  }
}

/** One URL with the hosts of several that differ in nothing else. */
export function joinHosts(urls: readonly string[]): string {
  const [first = ""] = urls;
  return first.replace(new URL(first).host, urls.map((url) => new URL(url).host).join());
}
