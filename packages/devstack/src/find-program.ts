import { access, constants, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { cacheDir, DevstackError, type Environment, type Progress, variable } from "./environment.ts";
import { runCommand } from "./run-command.ts";

/** Where a program comes from if this machine has none that is new enough. */
type Source = Readonly<{
  versionMin: string;
  /** Arguments that make it print its version; default `--version`. */
  versionArgs?: readonly string[];
  /** Its path in its package, which has its name in Debian's and Ubuntu's development suites; default below `usr/bin`. */
  path?: string;
  /** What `go install` builds where there is no apt. */
  goModule?: string;
  /** Where people get it. */
  home: string;
}>;
type Program = Source & Readonly<{ name: string; path: string }>;

/** The programs that are neither npm packages nor expected on every machine. */
export const PROGRAMS = {
  // Older servers acknowledge and lose messages after a full disk, or drop `allow_atomic` silently.
  "nats-server": {
    versionMin: "2.15.1",
    path: "usr/sbin/nats-server",
    goModule: "github.com/nats-io/nats-server/v2",
    home: "the releases of the nats-io/nats-server project on GitHub",
  },
  prometheus: { versionMin: "3.5.3", home: "prometheus.io/download" },
  promtool: { versionMin: "3.5.3", home: "prometheus.io/download, in the archive of prometheus" },
  // Reads docker-compose.yml without an engine.
  "docker-compose": {
    versionMin: "2.40.0",
    versionArgs: ["version"],
    path: "usr/libexec/docker/cli-plugins/docker-compose",
    home: "the releases of the docker/compose project on GitHub",
  },
  caddy: { versionMin: "2.11.0", versionArgs: ["version"], home: "caddyserver.com/download" },
  // Renders deploy/k8s.
  kubectl: {
    versionMin: "1.30.0",
    versionArgs: ["version", "--client"],
    home: "kubernetes.io/docs/tasks/tools",
  },
} as const satisfies Readonly<Record<string, Source>>;
type ProgramName = keyof typeof PROGRAMS;

const DOWNLOAD_MS = 600_000;
const UNPACK = join(import.meta.dirname, "../scripts/unpack-package.sh");

/** The variable that names a copy of one's own: `NATS_SERVER_BIN` for nats-server. */
export const programVariable = (name: string): string => `${name.toUpperCase().replaceAll("-", "_")}_BIN`;

/**
 * Returns the path of a program that is new enough: the one that `<NAME>_BIN` names, else one on the PATH, else the copy in
 * the cache, which the distribution's package or Go fills. Safe to call concurrently.
 *
 * @throws {DevstackError} PROGRAM_UNUSABLE if the named one is too old or another program, PROGRAM_MISSING if none could
 * be fetched: the message has what was tried and how to install it.
 */
export async function findProgram(
  name: ProgramName,
  options: Readonly<{ env: Environment; onProgress?: Progress | undefined }>,
): Promise<string> {
  const { env, onProgress = () => undefined } = options;
  const program: Program = { name, path: `usr/bin/${name}`, ...PROGRAMS[name] };
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
  onProgress(`${name}: none ≥ ${program.versionMin} here yet, fetching it`);
  const failure = await fetchTo(unpacked, program, env, onProgress);
  if (failure === undefined) {
    onProgress(`${name}: ready in ${cached}`);
    return cached;
  }
  const text = `no ${name} ≥ ${program.versionMin} found. Install one (your system's package manager, or ${program.home}), then
put it on the PATH or name it in ${programVariable(name)}. Tried:`;
  const sources = `the distribution's package${program.goModule === undefined ? "" : ", then go install"}`;
  const lines = [...tried, `${sources}: ${failure}`];
  throw new DevstackError("PROGRAM_MISSING", [text, ...lines.map((line) => `  - ${line}`)].join("\n"));
}

/** Why that file cannot be used; undefined if it can. */
async function problemWith(
  binary: string,
  { versionMin, versionArgs = ["--version"] }: Program,
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

/**
 * Unpacks the program's package into a temporary folder, then renames that to `target` atomically. Returns the failure.
 * Debian's and Ubuntu's development suites have the packages; where there is no apt, Go builds those that it can.
 */
async function fetchTo(
  target: string,
  program: Program,
  env: Environment,
  onProgress: Progress,
): Promise<string | undefined> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), "fetching-"));
  const limits = { timeoutMs: DOWNLOAD_MS, onLine: onProgress };
  try {
    const unpacked = await runCommand("/bin/sh", [UNPACK, folder, program.name], { ...limits, env });
    if (unpacked.code !== 0) {
      const failure = await build(join(folder, "unpacked"), program, env, onProgress);
      if (failure !== undefined) return `${unpacked.stderr}\n${failure}`.trim().slice(-800);
    }
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

/** Builds the program with Go where the package would have it, below `root`. Returns the failure. */
async function build(
  root: string,
  { goModule, versionMin, path }: Program,
  env: Environment,
  onProgress: Progress,
): Promise<string | undefined> {
  if (goModule === undefined) return "";
  onProgress(`${goModule}: building it with Go (a few minutes)`);
  const goEnv = { ...env, GOBIN: join(root, dirname(path)), GOFLAGS: "-modcacherw", CGO_ENABLED: "0" };
  const limits = { timeoutMs: DOWNLOAD_MS, onLine: onProgress };
  const { code, stderr } = await runCommand("go", ["install", `${goModule}@v${versionMin}`], {
    ...limits,
    env: goEnv,
  });
  return code === 0 ? undefined : stderr;
}
