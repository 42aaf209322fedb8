import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, type ReadStream, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGunzip } from "node:zlib";
import { withoutPassword } from "@parley/devstack/database";
import {
  DevstackError,
  type Environment,
  loadDotEnv,
  ownEnvironment,
  PROGRESS_MS,
  type Progress,
  reasonOf,
  SettingError,
} from "@parley/devstack/environment";
import { migrate } from "@parley/devstack/migrate";
import { isLocked } from "@parley/devstack/run-dir";
import { interruption, runMain, say, timedProgress, untilInterrupted } from "@parley/devstack/terminal";
import { clientVariables, findPostgresTools } from "./postgres-tools.ts";
import { openReplaced, refuseClients } from "./replaced-database.ts";
import { dataDirOf } from "./settings.ts";

/** All that there is, in the transaction that puts the back-up in its place. */
const BEFORE = `begin;
set client_min_messages = warning;
do $$
declare
  found name;
begin
  for found in select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') loop
    execute format('drop schema %I cascade', found);
  end loop;
  for found in select tablename from pg_tables where schemaname = 'public' loop
    execute format('drop table public.%I cascade', found);
  end loop;
end
$$;
`;

/**
 * Nobody holds a shard. No session of the back-up is open: some were revoked after it, and which is not known any more.
 */
const afterOf = (keepServiceTokens: boolean) => `
delete from chat.writers;
update chat.shards set holder = null, lease_until = '-infinity', epoch = epoch + 1;
update auth.sessions set revoked_at = now(), revoked_why = 'revoked'
where revoked_at is null${keepServiceTokens ? " and token_hash is null" : ""};
commit;
`;

export type RestoreOptions = Readonly<{
  keepServiceTokens: boolean;
  isSure: () => Promise<boolean>;
  /** Ends psql; what it did is undone then. */
  signal?: AbortSignal;
}>;

/**
 * Replaces the database of an installation that does not run by a back-up, whole or not at all.
 *
 * @throws {SettingError} if the file cannot be used, something runs, or nobody is sure; {DevstackError} RESTORE with what
 * psql says: then the database is as it was.
 */
export async function restore(env: Environment, from: string, options: RestoreOptions, progress: Progress) {
  const file = resolve(from);
  await checkFile(file, progress);
  const tools = await findPostgresTools(env, progress, options.signal);
  const dataDir = dataDirOf(env);
  if (isLocked(dataDir)) throw new SettingError("RUNNING", `a stack runs on ${dataDir}: make stop first`);
  await using closers = new AsyncDisposableStack();
  const { url, owner } = await openReplaced(env, dataDir, closers, progress);
  await refuseClients(url);
  progress(
    `restore: ${file} replaces the database of ${owner}, ${withoutPassword(url)}; it ends every session`,
  );
  if (!(await options.isSure())) throw new SettingError("NOT_SURE", "nothing was changed");
  // Somebody may have started a service before the answer.
  await refuseClients(url);
  // Makes the roles that the back-up grants rights to.
  await migrate({ databaseUrl: url });
  await replay(join(tools, "psql"), { ...env, ...clientVariables(url) }, file, options, progress);
  await migrate({ databaseUrl: url, onProgress: progress });
  progress("restore: done; the next start reads on in the log from where the back-up ends");
}

/** How a file of pg_dump ends; what was cut off between two of its statements would be missing without an error. */
const DUMP_END = /\n-- PostgreSQL database dump complete\n--\s*(\\unrestrict \w+\s*)?$/;
const DUMP_END_MAX = 1_000;
const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "is not there",
  EISDIR: "is a folder: name a file",
  Z_BUF_ERROR: "is cut off",
};

/**
 * Reads all of a back-up before anything is started or changed.
 *
 * @throws {SettingError} FROM if it cannot be read, is no whole dump, or is not the one that was written.
 */
async function checkFile(file: string, progress: Progress): Promise<void> {
  const refuse = (why: string) => new SettingError("FROM", `${file} ${why}; nothing was changed`);
  const hash = createHash("sha256");
  let end = "";
  const source = createReadStream(file).on("data", (chunk) => hash.update(chunk));
  const whole = statSync(file, { throwIfNoEntry: false })?.size;
  const told = setInterval(() => progress(`restore: checking ${percentOf(source, whole)}`), PROGRESS_MS);
  try {
    await pipeline(source, createGunzip(), async (text: AsyncIterable<Buffer>) => {
      for await (const chunk of text) end = (end + chunk.toString("latin1")).slice(-DUMP_END_MAX);
    });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw refuse(FILE_FAULTS[code] ?? `is damaged, or not what make backup writes (${reasonOf(error)})`);
  } finally {
    clearInterval(told);
  }
  if (!DUMP_END.test(end)) throw refuse("does not end as a dump of pg_dump does: it is cut off");
  const expected = await readFile(`${file}.sha256`, "utf8").catch(() => undefined);
  if (expected === undefined) progress(`restore: there is no ${file}.sha256, so its sum is not checked`);
  else if (hash.digest("hex") !== expected.split(" ")[0])
    throw refuse(`has another sum than ${file}.sha256 says: it is damaged`);
}

const percentOf = ({ bytesRead }: ReadStream, whole = 0) => `${Math.floor((100 * bytesRead) / whole)} %`;

/** Runs the back-up in one transaction, which ends with a commit only if the whole file was read. */
async function replay(
  psql: string,
  env: Environment,
  file: string,
  { keepServiceTokens, signal }: RestoreOptions,
  progress: Progress,
): Promise<void> {
  signal?.throwIfAborted();
  const args = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"];
  const child = spawn(psql, args, { env, stdio: ["pipe", "ignore", "pipe"] });
  signal?.addEventListener("abort", () => child.kill());
  let errors = "";
  child.stderr.on("data", (text) => {
    errors = `${errors}${text}`.slice(-2_000);
  });
  const ended = once(child, "close");
  const whole = statSync(file).size;
  const source = createReadStream(file);
  const told = setInterval(() => progress(`restore: ${percentOf(source, whole)}`), PROGRESS_MS);
  try {
    const text = source.pipe(createGunzip());
    source.on("error", (error) => text.destroy(error));
    const framed = new Transform({
      transform: (chunk, _encoding, next) => next(null, chunk),
      flush(next) {
        this.push(afterOf(keepServiceTokens));
        next();
      },
    });
    framed.write(BEFORE);
    await pipeline(text, framed, child.stdin);
  } catch (error) {
    child.stdin.destroy();
    await ended;
    throw new DevstackError("RESTORE", `nothing was changed: ${errors.trim() || error}`);
  } finally {
    clearInterval(told);
  }
  const [code] = await ended;
  if (code !== 0) throw new DevstackError("RESTORE", `nothing was changed: ${errors.trim()}`);
}

// `restore.ts FILE [--yes] [--keep-service-tokens]`: for `make restore FROM=…`.
if (import.meta.main)
  await runMain("make restore", async () => {
    loadDotEnv();
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        yes: { type: "boolean", default: false },
        "keep-service-tokens": { type: "boolean", default: false },
      },
    });
    const [from = ""] = positionals;
    if (from === "")
      throw new SettingError("FROM", "name a back-up: make restore FROM=/var/backups/parley/….sql.gz");
    const isSure = values.yes ? async () => true : askForYes;
    const signal = interruption();
    const options = { keepServiceTokens: values["keep-service-tokens"], isSure, signal };
    await untilInterrupted(restore(ownEnvironment(), from, options, timedProgress()), signal);
    say("          make start (or make up) goes on from here");
    return 0;
  });

/** Asks at the terminal; the end of the input is no yes. */
async function askForYes(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const atEnd = once(terminal, "close").then(() => "");
  const answer = await Promise.race([terminal.question('write "yes" to go on: '), atEnd]);
  terminal.close();
  return answer.trim() === "yes";
}
