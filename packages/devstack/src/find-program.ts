import { access, constants, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { cacheDir, DevstackError, type Environment, type Progress, variable } from "./environment.ts";
import { buildWithGo } from "./go-build.ts";
import { type Program, type ProgramName, programOf, programVariable } from "./programs.ts";
import { runCommand } from "./run-command.ts";

type FindOptions = Readonly<{
  env: Environment;
  onProgress?: Progress | undefined;
  /** Whether one is fetched or built if this machine has none; default true. */
  isFetched?: boolean;
  /** Ends a build. */
  signal?: AbortSignal | undefined;
}>;

const DOWNLOAD_MS = 600_000;
const UNPACK = join(import.meta.dirname, "../scripts/unpack-package.sh");

/**
 * Returns the path of a program that is new enough: the one that `<NAME>_BIN` names, else one on the PATH, else the copy in
 * the cache, which the distribution's package or Go fills. Safe to call concurrently.
 *
 * @throws {DevstackError} PROGRAM_UNUSABLE if the named one is too old or another program, PROGRAM_MISSING if none could
 * be fetched: the message has what was tried and how to install it.
 */
export async function findProgram(name: ProgramName, options: FindOptions): Promise<string> {
  const { env, onProgress = () => undefined, isFetched = true, signal } = options;
  const program = programOf(name);
  const named = variable(env, programVariable(name));
  if (named !== undefined) {
    const problem = await problemWith(named, program);
    if (problem === undefined) return named;
    throw new DevstackError("PROGRAM_UNUSABLE", `${programVariable(name)}: ${problem}`);
  }
  const folders = (variable(env, "PATH") ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  const unpacked = join(cacheDir(env), `${name}-package-${process.platform}-${process.arch}`);
  const cached = join(unpacked, program.path);
  const tried: string[] = [];
  for (const candidate of [...folders.map((folder) => join(folder, name)), cached]) {
    const problem = await problemWith(candidate, program);
    if (problem === undefined) return candidate;
    if (!problem.endsWith("does not exist")) tried.push(problem);
  }
  if (isFetched) onProgress(`${name}: none ≥ ${program.versionMin} here yet, fetching it`);
  const failure = isFetched ? await fetchTo(unpacked, name, { env, onProgress, signal }) : "not asked for";
  if (failure === undefined) {
    onProgress(`${name}: ready in ${cached}`);
    return cached;
  }
  const text = `no ${name} ≥ ${program.versionMin} found. Install one (your system's package manager, or ${program.home}), then
put it on the PATH or name it in ${programVariable(name)}. Tried:`;
  const sources = [program.isPackaged && "the distribution's package", program.go && "Go"].filter(Boolean);
  const lines = [...tried, `${sources.join(", then ")}: ${failure}`];
  throw new DevstackError("PROGRAM_MISSING", [text, ...lines.map((line) => `  - ${line}`)].join("\n"));
}

/** Why that file cannot be used; undefined if it can. */
async function problemWith(
  binary: string,
  { versionMin, versionArgs }: Program,
): Promise<string | undefined> {
  try {
    await access(binary, constants.X_OK);
  } catch {
    return `${binary} does not exist`;
  }
  const { stdout, stderr } = await runCommand(binary, versionArgs, { timeoutMs: 10_000 });
  const version = /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) return `${binary} prints no version (${(stdout + stderr).trim().slice(0, 200)})`;
  const isNewEnough = version.localeCompare(versionMin, "en", { numeric: true }) >= 0;
  return isNewEnough ? undefined : `${binary} is ${version}, ≥ ${versionMin} is needed`;
}

type Fetching = Readonly<{ env: Environment; onProgress: Progress; signal: AbortSignal | undefined }>;

/** Gets the program into a temporary folder, then renames that to `target` atomically. Returns the failure. */
async function fetchTo(target: string, name: ProgramName, options: Fetching): Promise<string | undefined> {
  const program = programOf(name);
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), "fetching-"));
  try {
    const failure = await unpackOrBuild(folder, name, options);
    if (failure !== undefined) return failure;
    const problem = await problemWith(join(folder, "unpacked", program.path), program);
    if (problem !== undefined) return problem;
    // Another process may have put it there meanwhile, and use it.
    const cached = join(target, program.path);
    if ((await problemWith(cached, program)) === undefined) return undefined;
    await rm(target, { recursive: true, force: true });
    await rename(join(folder, "unpacked"), target).catch(() => undefined);
    return await problemWith(cached, program);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Fills `folder`/unpacked: Debian's and Ubuntu's development suites have the packages; where there is none, Go builds those
 * that it can. Returns the failure.
 */
async function unpackOrBuild(
  folder: string,
  name: ProgramName,
  options: Fetching,
): Promise<string | undefined> {
  const { isPackaged, package: packageName, go, path } = programOf(name);
  const { env, onProgress } = options;
  const failures: string[] = [];
  if (isPackaged) {
    const limits = { timeoutMs: DOWNLOAD_MS, onLine: onProgress, env };
    const unpacked = await runCommand("/bin/sh", [UNPACK, folder, packageName], limits);
    if (unpacked.code === 0) return undefined;
    failures.push(unpacked.stderr);
  }
  if (go !== undefined) {
    const failure = await buildWithGo(go, join(folder, "unpacked", path), options);
    if (failure === undefined) return undefined;
    failures.push(failure);
  }
  return failures.join("\n").trim().slice(-800);
}
