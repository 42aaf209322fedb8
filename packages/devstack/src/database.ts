import postgres from "postgres";
import { DevstackError, type Progress, reasonOf, sleep } from "./environment.ts";

const PROGRESS_MS = 2_000;
/** SQLSTATE of a wrong password or user, and of a database that does not exist: waiting does not help. */
const FINAL_CODES = ["28P01", "28000", "3D000"];

/**
 * Waits until the database answers a query, at most `deadlineMs` (default 30 s). `onWaiting` is called every 2 s.
 *
 * @throws {DevstackError} DATABASE_UNREACHABLE with the last reason; at once if the password or the name is wrong.
 */
export async function waitForDatabase(url: string, onWaiting: Progress, deadlineMs = 30_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let tellAt = performance.now() + PROGRESS_MS;
  for (;;) {
    const failure = await failureOf(url);
    if (failure === undefined) return;
    if (FINAL_CODES.includes(failure.code) || performance.now() > deadline) {
      const text = `the database at ${withoutPassword(url)} does not answer: ${failure.reason}`;
      throw new DevstackError("DATABASE_UNREACHABLE", text);
    }
    if (performance.now() > tellAt) {
      onWaiting(failure.reason);
      tellAt += PROGRESS_MS;
    }
    await sleep(25);
  }
}

/** Why the database does not answer a query; undefined if it does. */
export async function failureOf(url: string): Promise<{ code: string; reason: string } | undefined> {
  try {
    await withConnection(url, (sql) => sql`select 1`);
    return undefined;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    return { code, reason: reasonOf(error) || code };
  }
}

/** The address without the password, for logs and messages. */
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
