import { access, constants, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { cacheDir, DevstackError, type Environment, type Progress, variable } from "./environment.ts";
import { runCommand } from "./run-command.ts";

/** Older servers acknowledge and lose messages after a full disk, or drop `allow_atomic` silently. */
const NATS_VERSION_MIN = "2.15.1";
const DOWNLOAD_MS = 600_000;
const UNPACK = join(import.meta.dirname, "../scripts/unpack-package.sh");
const SOURCE = `github.com/nats-io/nats-server/v2@v${NATS_VERSION_MIN}`;

/**
 * Returns the path of a nats-server that is new enough: NATS_SERVER_BIN, else one on the PATH, else the copy in the
 * cache, which the distribution's package or Go fills. Safe to call concurrently.
 *
 * @throws {DevstackError} NATS_SERVER_UNUSABLE if NATS_SERVER_BIN is too old or no nats-server, NATS_SERVER_MISSING if
 * none could be fetched: the message has what was tried and how to install it.
 */
export async function findNatsServer(
  options: Readonly<{ env: Environment; onProgress?: Progress | undefined }>,
): Promise<string> {
  const { env, onProgress = () => undefined } = options;
  const named = variable(env, "NATS_SERVER_BIN");
  if (named !== undefined) {
    const problem = await problemWith(named);
    if (problem === undefined) return named;
    throw new DevstackError("NATS_SERVER_UNUSABLE", `NATS_SERVER_BIN: ${problem}`);
  }
  const folders = (variable(env, "PATH") ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  const cached = join(cacheDir(env), `nats-server-${process.platform}-${process.arch}`);
  const tried: string[] = [];
  for (const candidate of [...folders.map((folder) => join(folder, "nats-server")), cached]) {
    const problem = await problemWith(candidate);
    if (problem === undefined) return candidate;
    if (!problem.endsWith("does not exist")) tried.push(problem);
  }
  onProgress(`nats-server: none ≥ ${NATS_VERSION_MIN} here yet, fetching it`);
  const failure = await fetchTo(cached, env, onProgress);
  if (failure === undefined) return cached;
  const text = `no nats-server ≥ ${NATS_VERSION_MIN} found. Install one (your system's package manager, the releases of the
nats-io/nats-server project on GitHub, or \`go install github.com/nats-io/nats-server/v2@latest\`), then put it on
the PATH or name it in NATS_SERVER_BIN; or set NATS_URL to a server of your own. Tried:`;
  const lines = [...tried, `the distribution's package, then go install: ${failure}`];
  throw new DevstackError("NATS_SERVER_MISSING", [text, ...lines.map((line) => `  - ${line}`)].join("\n"));
}

/** Why that file cannot be used; undefined if it can. */
async function problemWith(binary: string): Promise<string | undefined> {
  try {
    await access(binary, constants.X_OK);
  } catch {
    return `${binary} does not exist`;
  }
  const { stdout, stderr } = await runCommand(binary, ["--version"], { timeoutMs: 10_000 });
  const version = /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) return `${binary} prints no version (${(stdout + stderr).trim().slice(0, 200)})`;
  const isNewEnough = version.localeCompare(NATS_VERSION_MIN, "en", { numeric: true }) >= 0;
  return isNewEnough ? undefined : `${binary} is ${version}, ≥ ${NATS_VERSION_MIN} is needed`;
}

/**
 * Fetches the program into a temporary folder, then renames it atomically. Returns the failure. No npm package carries it;
 * Debian's and Ubuntu's development suites do, and where there is no apt, Go builds it.
 */
async function fetchTo(target: string, env: Environment, onProgress: Progress): Promise<string | undefined> {
  const cache = join(target, "..");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "fetching-"));
  const limits = { timeoutMs: DOWNLOAD_MS, onLine: onProgress };
  try {
    const unpacked = await runCommand("/bin/sh", [UNPACK, folder, "nats-server"], { ...limits, env });
    if (unpacked.code !== 0) {
      onProgress("nats-server: building it with Go (a few minutes)");
      const build = { ...env, GOBIN: folder, GOFLAGS: "-modcacherw", CGO_ENABLED: "0" };
      const { code, stderr } = await runCommand("go", ["install", SOURCE], { ...limits, env: build });
      if (code !== 0) return `${unpacked.stderr}\n${stderr}`.trim().slice(-800);
    }
    const made = join(folder, unpacked.code === 0 ? "unpacked/usr/sbin/nats-server" : "nats-server");
    const problem = await problemWith(made);
    if (problem !== undefined) return problem;
    await rename(made, target);
    onProgress(`nats-server: ready in ${target}`);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
