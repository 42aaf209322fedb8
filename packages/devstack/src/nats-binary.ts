import { access, constants, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import {
  cacheDir,
  DevstackError,
  type Environment,
  type Progress,
  reasonOf,
  variable,
} from "./environment.ts";
import { unpackNatsPackage } from "./nats-package.ts";
import { runCommand } from "./run-command.ts";

/** Older servers acknowledge and lose messages after a full disk, or drop `allow_atomic` silently. */
export const NATS_VERSION_MIN = "2.15.1";

export type NatsBinaryOptions = Readonly<{ env: Environment; onProgress?: Progress | undefined }>;

/**
 * Gives the path of a nats-server that is new enough: NATS_SERVER_BIN, else the PATH, else the copy in the cache,
 * else the distribution's package (unpacked into the cache), else built by Go (into the cache). Several callers
 * may ask at the same time.
 *
 * @throws {DevstackError} NATS_SERVER_UNUSABLE if NATS_SERVER_BIN names something else or an old one,
 * NATS_SERVER_MISSING if there is none to be had: the message says what was tried and how to install it.
 */
export async function findNatsServer(options: NatsBinaryOptions): Promise<string> {
  const { env, onProgress = () => undefined } = options;
  const named = variable(env, "NATS_SERVER_BIN");
  if (named !== undefined) {
    const problem = await problemWith(named);
    if (problem === undefined) return named;
    throw new DevstackError("NATS_SERVER_UNUSABLE", `NATS_SERVER_BIN: ${problem}`);
  }
  const tried: string[] = [];
  const cached = join(cacheDir(env), `nats-server-${process.platform}-${process.arch}`);
  for (const candidate of [...onPath(env), cached]) {
    const problem = await problemWith(candidate);
    if (problem === undefined) return candidate;
    if (!problem.endsWith("is not there")) tried.push(problem);
  }
  for (const [what, make] of SOURCES) {
    onProgress(`nats-server: none ≥ ${NATS_VERSION_MIN} here yet, trying ${what}`);
    try {
      await install(cached, (folder) => make(folder, env, onProgress));
      onProgress(`nats-server: ready in ${cached}`);
      return cached;
    } catch (error) {
      tried.push(`${what}: ${reasonOf(error)}`);
    }
  }
  throw new DevstackError("NATS_SERVER_MISSING", missingText(tried));
}

type MakeBinary = (folder: string, env: Environment, onProgress: Progress) => Promise<string>;
const SOURCES: readonly (readonly [string, MakeBinary])[] = [
  ["the distribution's package", unpackNatsPackage],
  ["go install", buildWithGo],
];

function missingText(tried: readonly string[]): string {
  return [
    `no nats-server ≥ ${NATS_VERSION_MIN} found. Install one (your system's package manager, the releases of the`,
    "nats-io/nats-server project on GitHub, or `go install github.com/nats-io/nats-server/v2@latest`), then put it on",
    "the PATH or name it in NATS_SERVER_BIN; or set NATS_URL to a server of your own. Tried:",
    ...tried.map((line) => `  - ${line}`),
  ].join("\n");
}

function onPath(env: Environment): string[] {
  const folders = (variable(env, "PATH") ?? "").split(delimiter);
  return folders.filter((folder) => folder.startsWith("/")).map((folder) => join(folder, "nats-server"));
}

/** Why that file cannot be used; undefined if it can. */
async function problemWith(binary: string): Promise<string | undefined> {
  try {
    await access(binary, constants.X_OK);
  } catch {
    return `${binary} is not there`;
  }
  const { stdout, stderr } = await runCommand(binary, ["--version"], { timeoutMs: 10_000 });
  const version = /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined)
    return `${binary} does not tell a version (${(stdout + stderr).trim().slice(0, 200)})`;
  return isAtLeast(version, NATS_VERSION_MIN)
    ? undefined
    : `${binary} is ${version}, ≥ ${NATS_VERSION_MIN} is needed`;
}

/** Compares two versions of the form 1.2.3. */
export function isAtLeast(version: string, minimum: string): boolean {
  const wanted = minimum.split(".").map(Number);
  for (const [place, part] of version.split(".").map(Number).entries()) {
    const other = wanted[place] ?? 0;
    if (part !== other) return part > other;
  }
  return true;
}

/** Makes the binary in a folder of its own, checks it, and moves it into its place in one step. */
async function install(target: string, make: (folder: string) => Promise<string>): Promise<void> {
  const cache = join(target, "..");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "making-"));
  try {
    const binary = await make(folder);
    const problem = await problemWith(binary);
    if (problem !== undefined) throw new Error(problem.replace(`${folder}/`, ""));
    await rename(binary, target);
  } finally {
    // Go makes its module folders read-only, which only stops people other than root.
    await runCommand("chmod", ["-R", "u+w", folder]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildWithGo(folder: string, env: Environment): Promise<string> {
  const module = `github.com/nats-io/nats-server/v2@v${NATS_VERSION_MIN}`;
  const goEnv = { ...env, GOBIN: folder, GOFLAGS: "", CGO_ENABLED: "0" };
  const result = await runCommand("go", ["install", module], { env: goEnv, cwd: folder, timeoutMs: 600_000 });
  if (result.code !== 0) throw new Error(result.stderr.trim().slice(-500));
  return join(folder, "nats-server");
}
