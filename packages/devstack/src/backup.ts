import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  DevstackError,
  type Environment,
  loadDotEnv,
  ownEnvironment,
  type Progress,
  SettingError,
  variable,
} from "./environment.ts";
import { findInstallation } from "./installation.ts";
import { clientVariables, findPostgresTools } from "./postgres-tools.ts";
import { runMain, timedProgress, untilInterrupted } from "./terminal.ts";

/** Tables whose rows are not copied: who has a back-up can sign no token and refresh none. */
const SECRET_TABLES = ["auth.signing_keys", "auth.refresh_tokens"];
const PROGRESS_MS = 2_000;
const MB = 1_000_000;

/**
 * Copies the database of an installation, while it runs, as it is at one moment: SQL text, compressed, in `to` or in a
 * new file of that folder, with its SHA-256 beside it. Returns the file; it appears when it is whole.
 *
 * @throws {DevstackError} BACKUP with what pg_dump says; then there is no file.
 */
export async function backUp(env: Environment, to: string, progress: Progress): Promise<string> {
  const { variables } = await findInstallation(env);
  const url = variable(variables, "DATABASE_URL");
  if (url === undefined) throw new SettingError("DATABASE_URL", "DATABASE_URL is not set");
  const folder = await findPostgresTools(env, progress);
  const file = fileOf(to);
  if (existsSync(file)) throw new SettingError("TO", `${file} is there already`);
  const secret = SECRET_TABLES.map((table) => `--exclude-table-data=${table}`);
  const args = ["--format=plain", "--compress=gzip", "--no-owner", ...secret];
  const dump = spawn(join(folder, "pg_dump"), args, {
    env: { ...env, ...clientVariables(url) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    progress(`backup: writing ${file}`);
    const { sha256, bytes } = await save(dump, `${file}.part`, progress);
    await writeFile(`${file}.sha256`, `${sha256}  ${basename(file)}\n`, { mode: 0o600, flush: true });
    await rename(`${file}.part`, file);
    progress(`backup: ${file}, ${(bytes / MB).toFixed(1)} MB, sha256 ${sha256}`);
    return file;
  } catch (error) {
    dump.kill();
    for (const name of [`${file}.part`, `${file}.sha256`]) await rm(name, { force: true });
    throw error;
  }
}

/** The file to be made: `to` itself, or a new one named after the time if that is a folder. */
function fileOf(to: string): string {
  const path = resolve(to);
  const isFolder = to.endsWith("/") || (existsSync(path) && statSync(path).isDirectory());
  if (!isFolder) return path;
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return join(path, `parley-${time}.sql.gz`);
}

/** Writes the output of pg_dump to a new file for its owner only, and to the disk. */
async function save(dump: ChildProcess, file: string, progress: Progress) {
  const hash = createHash("sha256");
  let bytes = 0;
  let errors = "";
  dump.stderr?.on("data", (text) => {
    errors = `${errors}${text}`.slice(-2_000);
  });
  const ended = once(dump, "close");
  const told = setInterval(() => progress(`backup: ${(bytes / MB).toFixed(1)} MB`), PROGRESS_MS);
  const handle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of dump.stdout as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      await handle.write(chunk);
    }
    const [code] = await ended;
    if (code !== 0) throw new DevstackError("BACKUP", `pg_dump failed: ${errors.trim()}`);
    await handle.sync();
    return { sha256: hash.digest("hex"), bytes };
  } finally {
    clearInterval(told);
    await handle.close();
  }
}

// `backup.ts FOLDER-OR-FILE`: for `make backup TO=…`.
if (import.meta.main)
  await runMain("make backup", async () => {
    loadDotEnv();
    const [to = ""] = process.argv.slice(2);
    if (to === "")
      throw new SettingError("TO", "name a folder or a new file: make backup TO=/var/backups/parley/");
    await untilInterrupted(backUp(ownEnvironment(), to, timedProgress()));
    return 0;
  });
