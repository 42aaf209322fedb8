import postgres from "postgres";
import { DevstackError, type Progress, reasonOf, sleep } from "./environment.ts";

const WAIT_MS = 30_000;
const PROGRESS_MS = 2_000;
/** SQLSTATE of a wrong password or user, and of a database that does not exist: waiting does not help. */
const FINAL_CODES = ["28P01", "28000", "3D000"];

/**
 * Waits until the database answers a query, at most `deadlineMs` (default 30 s).
 *
 * @throws {DevstackError} DATABASE_UNREACHABLE with the last reason; at once if the password or the name is wrong.
 */
export async function waitForDatabase(
  url: string,
  {
    deadlineMs = WAIT_MS,
    onWaiting,
  }: Readonly<{ deadlineMs?: number | undefined; onWaiting?: Progress }> = {},
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let tellAt = performance.now() + PROGRESS_MS;
  for (;;) {
    try {
      return await withConnection(url, async (sql) => void (await sql`select 1`));
    } catch (error) {
      const reason = describe(error);
      if (FINAL_CODES.includes((error as { code?: string }).code ?? "") || performance.now() > deadline) {
        const text = `the database at ${withoutPassword(url)} does not answer: ${reason}`;
        throw new DevstackError("DATABASE_UNREACHABLE", text);
      }
      if (performance.now() > tellAt) {
        onWaiting?.(reason);
        tellAt += PROGRESS_MS;
      }
    }
    await sleep(25);
  }
}

/** Why the database does not answer a query; undefined if it does. */
export async function missingInDatabase(url: string): Promise<string | undefined> {
  try {
    await withConnection(url, (sql) => sql`select 1`);
    return undefined;
  } catch (error) {
    return describe(error);
  }
}

/** The address without the password, for people's eyes. */
export function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^:/@]*):[^@]*@/, "$1@");
}

/**
 * Makes a database on the server of `url` (any database of it) unless it exists, as a copy of `template` if one is
 * named. Returns its url.
 *
 * @throws the server's error.
 */
export async function createDatabase(url: string, name: string, template = "template1"): Promise<string> {
  await withConnection(url, async (sql) => {
    await sql`create database ${sql(name)} template ${sql(template)}`.catch((error: { code?: string }) => {
      if (error.code !== "42P04") throw error;
    });
  });
  const made = new URL(url);
  made.pathname = `/${name}`;
  return made.href;
}

/** Drops a database, together with the connections to it. */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await withConnection(url, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
}

/** Opens a connection for a few statements and closes it afterwards. */
export async function withConnection<Result>(
  url: string,
  use: (sql: postgres.Sql) => Promise<Result>,
): Promise<Result> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined, fetch_types: false });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function describe(error: unknown): string {
  return reasonOf(error) || String((error as { code?: string }).code ?? error);
}
