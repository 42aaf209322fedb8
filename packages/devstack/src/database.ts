import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import {
  DevstackError,
  PROGRESS_MS,
  type Progress,
  reasonOf,
  SettingError,
  whenItChanges,
} from "./environment.ts";

/** SQLSTATE of a write on a standby. */
export const TAKES_NO_WRITES = "25006";
/** Longest wait for a connection, seconds. */
const CONNECT_S = 5;
/** SQLSTATE of a wrong password or user, and of a database that does not exist: waiting does not help. */
const FINAL_CODES = ["28P01", "28000", "3D000"];

/**
 * Waits until a server of `url` takes writes, at most `deadlineMs` (default 30 s), and returns the address of that one.
 * `onWaiting` is called after 2 s, and when the reason changes.
 *
 * @throws {DevstackError} DATABASE_UNREACHABLE with the last reason; {SettingError} at once if `url` is no address, or
 * the password or the name is wrong.
 */
export async function waitForDatabase(
  url: string,
  onWaiting: Progress,
  deadlineMs = 30_000,
): Promise<string> {
  const servers = databaseServers(url);
  const deadline = performance.now() + deadlineMs;
  const tell = whenItChanges(onWaiting);
  const tellAt = performance.now() + PROGRESS_MS;
  for (;;) {
    const failures = await Promise.all(servers.map(failureOf));
    const writable = servers.find((_, i) => failures[i] === undefined);
    if (writable !== undefined) return writable;
    const reason = failures.map((failure) => failure?.reason).join("; ");
    const isFinal = failures.every((failure) => FINAL_CODES.includes(failure?.code ?? ""));
    const text = `the database at ${withoutPassword(url)} does not answer: ${reason}`;
    if (isFinal) throw new SettingError("DATABASE_UNREACHABLE", text);
    if (performance.now() > deadline) throw new DevstackError("DATABASE_UNREACHABLE", text);
    if (performance.now() > tellAt) tell(reason);
    await sleep(25);
  }
}

/**
 * The address of each server of a URL that may name several: `postgres://user@one:5432,two:5432/parley`.
 *
 * @throws {SettingError} DATABASE_URL if it is no address.
 */
export function databaseServers(url: string): string[] {
  const [, before, hosts = "", after] = /^(postgres(?:ql)?:\/\/(?:[^/]*@)?)([^/?]*)(.*)$/s.exec(url) ?? [];
  const servers = hosts.split(",").map((host) => `${before}${host.trim()}${after}`);
  if (before !== undefined && servers.every((server) => URL.canParse(server))) return servers;
  // Without the value, which may hold a password.
  const text = "DATABASE_URL is no address of a Postgres: write postgres://user:password@host:5432/database";
  throw new SettingError("DATABASE_URL", text);
}

/** Why the database takes no writes; undefined if it does. */
export async function failureOf(url: string): Promise<{ code: string; reason: string } | undefined> {
  try {
    const [row] = await withConnection(url, (sql) => sql`show transaction_read_only`);
    return row?.transaction_read_only === "on"
      ? { code: TAKES_NO_WRITES, reason: "it takes no writes" }
      : undefined;
  } catch (error) {
    return { code: (error as { code?: string }).code ?? "", reason: databaseFault(error) };
  }
}

/** What is to be told of an error of a connection. */
export function databaseFault(error: unknown): string {
  const { code = "" } = error as { code?: string };
  if (code === "CONNECT_TIMEOUT") return `no answer in ${CONNECT_S} s`;
  return reasonOf(error) || code || "no answer";
}

/**
 * The addresses of a variable without their passwords, for logs and messages. A password may hold any character, also an `@`
 * that should have been escaped: what stands between the first colon and the last `@` is left out.
 */
export function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^:/@]*):.*@/s, "$1@").replace(/(password=)[^&]*/gi, "$1…");
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
  const sql = postgres(url, {
    max: 1,
    connect_timeout: CONNECT_S,
    onnotice: () => undefined,
    fetch_types: false,
  });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
