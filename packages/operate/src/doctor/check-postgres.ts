import { readdirSync } from "node:fs";
import { join } from "node:path";
import { databaseFault, withConnection, withoutPassword } from "@parley/devstack/database";
import { REPOSITORY } from "@parley/devstack/environment";
import type postgres from "postgres";
import { checkClock, type Finding, mend, note, ok } from "./finding.ts";

const VERSION_MIN = 18;

type Server = {
  version: number;
  now: Date;
  fsync: string;
  commit: string;
  standbys: string;
  streaming: number;
  synchronous: number;
  connections: number;
  connections_max: number;
};

const SERVER = `
select current_setting('server_version_num')::int / 10000 as version, clock_timestamp() as now,
  current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
  current_setting('synchronous_standby_names') as standbys,
  (select count(*)::int from pg_stat_replication where state = 'streaming') as streaming,
  (select count(*)::int from pg_stat_replication where state = 'streaming' and sync_state in ('sync', 'quorum'))
    as synchronous,
  (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
  current_setting('max_connections')::int as connections_max`;

/** Checks Postgres by its address: durability, standbys, migrations, and whether the log is being stored. */
export async function checkPostgres(url: string): Promise<Finding[]> {
  try {
    return await withConnection(url, async (sql) => {
      const askedAt = Date.now();
      const [server] = await sql.unsafe<Server[]>(SERVER);
      if (server === undefined) return [];
      return [
        ...checkClock("Postgres", server.now.getTime(), askedAt),
        ...checkServer(server),
        ...(await checkMigrations(sql)),
        ...(await checkStorage(sql)),
      ];
    });
  } catch (error) {
    return [mend(`Postgres cannot be asked at ${withoutPassword(url)}: ${databaseFault(error)}`)];
  }
}

function checkServer(server: Server): Finding[] {
  const { version, fsync, commit, standbys, streaming, synchronous, connections, connections_max } = server;
  const findings: Finding[] = [];
  if (version < VERSION_MIN)
    findings.push(mend(`Postgres is ${version}: update it to ${VERSION_MIN} or newer`));
  if (fsync !== "on")
    findings.push(mend("Postgres has fsync off, so a power cut destroys it: set fsync = on"));
  if (commit === "off")
    findings.push(
      mend("Postgres has synchronous_commit off, so a power cut takes back what it stored: set it to on"),
    );
  if (standbys !== "" && synchronous === 0)
    findings.push(
      mend(`Postgres waits for a standby (${standbys}) and none follows, so nothing is stored: start it`),
    );
  else if (standbys === "" && streaming > 0)
    findings.push(
      mend(
        "no standby of Postgres is synchronous, so a failover loses commands and sessions: set synchronous_standby_names",
      ),
    );
  else if (streaming === 0) findings.push(note("Postgres has no standby: a lost machine means a restore"));
  if (connections > connections_max * 0.8)
    findings.push(
      mend(`${connections} of ${connections_max} connections of Postgres are taken: raise max_connections`),
    );
  return findings.some(({ level }) => level === "mend")
    ? findings
    : [...findings, ok(`Postgres is ${version} and durable`)];
}

async function checkMigrations(sql: postgres.Sql): Promise<Finding[]> {
  const files = readdirSync(join(REPOSITORY, "migrations")).filter((name) => name.endsWith(".sql"));
  const applied = new Set(
    (await sql`select name from public.schema_migrations`).map(({ name }) => name as string),
  );
  const known = files.map((file) => file.replace(/\.sql$/, ""));
  const missing = known.filter((name) => !applied.has(name));
  if (missing.length > 0) return [mend(`migrations are missing (${missing.join(", ")}): make migrate`)];
  const newer = [...applied].filter((name) => !known.includes(name));
  if (newer.length > 0)
    return [
      mend(
        `the database is newer than this folder (${newer.join(", ")}): update the folder before the services`,
      ),
    ];
  return [ok(`all ${known.length} migrations are applied`)];
}

async function checkStorage(sql: postgres.Sql): Promise<Finding[]> {
  const [found] = await sql<{ idle: string | null; letters: number }[]>`
    select (select string_agg(shard::text, ', ' order by shard) from chat.shards where lease_until <= now()) as idle,
      (select count(*)::int from (select from chat.dead_letters limit 1000) l) as letters`;
  const findings: Finding[] = [];
  if (found?.idle)
    findings.push(mend(`nobody writes shard ${found.idle}: start ws-consumer, or see its /health/detail`));
  if (found && found.letters > 0)
    findings.push(
      mend(`${found.letters} entries could not be stored: make dead-letters lists them and says why`),
    );
  return findings.length > 0 ? findings : [ok("every shard is written, and there are no dead letters")];
}
