import postgres from "postgres";
import { DevstackError, reasonOf, sleep } from "./environment.ts";

export type WaitOptions = Readonly<{
  /** Default 30 s. */
  deadlineMs?: number;
  /** Ends the wait early when it says true. */
  isHopeless?: () => boolean;
  /** Called every two seconds with the reason why it is not ready yet. */
  onWaiting?: (reason: string) => void;
}>;

/**
 * Waits until the database takes a query.
 *
 * @throws {DevstackError} DATABASE_UNREACHABLE with the last reason, when the time is up; at once if the password
 * or the database's name is wrong.
 */
export async function waitForDatabase(url: string, options: WaitOptions = {}): Promise<void> {
  const deadline = performance.now() + (options.deadlineMs ?? 30_000);
  let reason = "it was not asked";
  let tellAt = performance.now() + 2_000;
  while (performance.now() < deadline && options.isHopeless?.() !== true) {
    try {
      await askOnce(url);
      return;
    } catch (error) {
      reason = describe(error);
      const code = (error as { code?: string }).code ?? "";
      if (["28P01", "28000", "3D000"].includes(code)) break;
    }
    if (performance.now() > tellAt) {
      options.onWaiting?.(reason);
      tellAt += 2_000;
    }
    await sleep(25);
  }
  throw new DevstackError(
    "DATABASE_UNREACHABLE",
    `the database at ${withoutPassword(url)} does not answer: ${reason}`,
  );
}

/** The address without the password, for people's eyes. */
export function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^:/@]*):[^@]*@/, "$1@");
}

/**
 * Makes a database on the server of `url` (any database of it) unless it is there, as a copy of `template` if
 * one is named. Gives the new one's url.
 *
 * @throws the server's error.
 */
export async function createDatabase(url: string, name: string, template?: string): Promise<string> {
  const sql = connectOnce(url);
  try {
    const from = template === undefined ? sql`` : sql`template ${sql(template)}`;
    await sql`create database ${sql(name)} ${from}`;
  } catch (error) {
    if ((error as { code?: string }).code !== "42P04") throw error;
  } finally {
    await sql.end({ timeout: 1 });
  }
  return urlOfDatabase(url, name);
}

/** Drops a database, together with the connections to it. */
export async function dropDatabase(url: string, name: string): Promise<void> {
  const sql = connectOnce(url);
  try {
    await sql`drop database if exists ${sql(name)} with (force)`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** The same server, another database. */
export function urlOfDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** One connection for a statement or two; the caller ends it. */
export function connectOnce(url: string): postgres.Sql {
  return postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined, fetch_types: false });
}

async function askOnce(url: string): Promise<void> {
  const sql = connectOnce(url);
  try {
    await sql`select 1`;
  } finally {
    await sql.end({ timeout: 0 });
  }
}

function describe(error: unknown): string {
  const reason = reasonOf(error);
  return reason === "" ? String((error as { code?: string }).code ?? error) : reason;
}
