import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  DevstackError,
  type Environment,
  loadDotEnv,
  ownEnvironment,
  PROGRESS_MS,
  type Progress,
  SettingError,
  variable,
} from "@parley/devstack/environment";
import { interruption, runMain, timedProgress } from "@parley/devstack/terminal";
import { findInstallation } from "./installation.ts";
import { clientVariables, findPostgresTools } from "./postgres-tools.ts";

/** Tables whose rows are not copied: who has a back-up can sign no token and refresh none. */
const SECRET_TABLES = ["auth.signing_keys", "auth.refresh_tokens"];
const MB = 1_000_000;
const KILL_MS = 5_000;

/**
 * Copies the database of an installation, while it runs, as it is at one moment: SQL text, compressed, in `to` or in a
 * new file of that folder, with its SHA-256 beside it. Returns the file; it appears when it is whole.
 *
 * @throws {DevstackError} BACKUP with what pg_dump says, {SettingError} TO if there is such a file or it cannot be made,
 * the reason of `signal`; then this call has left no file.
 */
export async function backUp(
  env: Environment,
  to: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<string> {
  const { variables } = await findInstallation(env);
  const url = variable(variables, "DATABASE_URL");
  if (url === undefined) throw new SettingError("DATABASE_URL", "DATABASE_URL is not set");
  const folder = await findPostgresTools(env, progress, signal);
  const file = fileOf(to);
  const [part, sum] = [`${file}.part`, `${file}.sha256`];
  const there = [file, sum].find((name) => existsSync(name));
  if (there !== undefined) throw new SettingError("TO", `${there} is there already`);
  const secret = SECRET_TABLES.map((table) => `--exclude-table-data=${table}`);
  const args = ["--format=plain", "--compress=gzip", "--no-owner", ...secret];
  await using undo = new AsyncDisposableStack();
  await using output = await makeFile(part, undo);
  signal?.throwIfAborted();
  const dump = spawn(join(folder, "pg_dump"), args, {
    env: { ...env, ...clientVariables(url) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => {
    dump.kill();
    // It asks the server to cancel what it does, which may be away.
    setTimeout(() => dump.kill("SIGKILL"), KILL_MS).unref();
  };
  undo.defer(end);
  signal?.addEventListener("abort", end);
  progress(`backup: writing ${file}`);
  const { sha256, bytes } = await save(dump, output, progress, signal);
  await using sums = await makeFile(sum, undo);
  await sums.writeFile(`${sha256}  ${basename(file)}\n`);
  await sums.sync();
  await rename(part, file);
  undo.move();
  progress(`backup: ${file}, ${(bytes / MB).toFixed(1)} MB, sha256 ${sha256}`);
  return file;
}

/** Makes a file for its owner only, which `undo` removes. @throws {SettingError} TO if it cannot be made or is there. */
async function makeFile(name: string, undo: AsyncDisposableStack): Promise<FileHandle> {
  const handle = await open(name, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    const isThere = error.code === "EEXIST";
    const why = isThere ? "it is there: another back-up writes it, or one was killed" : error.message;
    throw new SettingError("TO", `cannot make ${name}: ${why}`);
  });
  undo.defer(() => rm(name, { force: true }));
  return handle;
}

/** The file to be made: `to` itself, or a new one named after the time if that is a folder. */
function fileOf(to: string): string {
  const path = resolve(to);
  const isFolder = to.endsWith("/") || (existsSync(path) && statSync(path).isDirectory());
  if (!isFolder) return path;
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return join(path, `parley-${time}.sql.gz`);
}

/** Writes the output of pg_dump to a file, and to the disk. */
async function save(dump: ChildProcess, output: FileHandle, progress: Progress, signal?: AbortSignal) {
  const hash = createHash("sha256");
  let bytes = 0;
  let errors = "";
  dump.stderr?.on("data", (text) => {
    errors = `${errors}${text}`.slice(-2_000);
  });
  const ended = once(dump, "close");
  const told = setInterval(() => progress(`backup: ${(bytes / MB).toFixed(1)} MB`), PROGRESS_MS);
  try {
    for await (const chunk of dump.stdout as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      // Unlike `write`, it writes all of it, where it is.
      await output.writeFile(chunk);
    }
    const [code] = await ended;
    signal?.throwIfAborted();
    if (code !== 0) throw new DevstackError("BACKUP", `pg_dump failed: ${errors.trim()}`);
    await output.sync();
    return { sha256: hash.digest("hex"), bytes };
  } finally {
    clearInterval(told);
  }
}

// `backup.ts FOLDER-OR-FILE`: for `make backup TO=…`.
if (import.meta.main)
  await runMain("make backup", async () => {
    loadDotEnv();
    const [to = ""] = process.argv.slice(2);
    if (to === "")
      throw new SettingError("TO", "name a folder or a new file: make backup TO=/var/backups/parley/");
    await backUp(ownEnvironment(), to, timedProgress(), interruption());
    return 0;
  });
