import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Environment, Progress } from "./environment.ts";
import { runCommand } from "./run-command.ts";

/** A program that Go builds of its released source. */
export type GoProgram = Readonly<{
  module: string;
  version: string;
  /** The folder of its `main` in the module. */
  main: string;
  /** What is set at the link, as `-X` has it. */
  set?: string;
  /** Version of the modules that live beside it in its repository, and are not in what Go fetches of it. */
  siblingsVersion?: string;
}>;

const FETCH_MS = 300_000;
/** A program of 2,300 packages takes half of that on two slow cores. */
const BUILD_MS = 2_400_000;
const TELL_EVERY_MS = 30_000;

/**
 * Builds the program as `target` and returns the failure. `go install` would do, but it refuses a module that replaces
 * another, and first asks for the list of all versions, which not every module proxy gives.
 */
export async function buildWithGo(
  { module, version, main, set, siblingsVersion }: GoProgram,
  target: string,
  options: Readonly<{ env: Environment; onProgress: Progress; signal?: AbortSignal | undefined }>,
): Promise<string | undefined> {
  const { onProgress, signal } = options;
  const env = { ...options.env, GOFLAGS: "-modcacherw", GOWORK: "off", CGO_ENABLED: "0" };
  await mkdir(dirname(target), { recursive: true });
  onProgress(`${module} ${version}: building it with Go, once`);
  const limits = { cwd: dirname(target), env, signal };
  const fetched = await runCommand("go", ["mod", "download", "-json", `${module}@v${version}`], {
    ...limits,
    timeoutMs: FETCH_MS,
  });
  if (fetched.code !== 0) return `go mod download: ${fetched.stderr}${fetched.stdout}`;
  const { Dir: cwd } = JSON.parse(fetched.stdout) as { Dir: string };
  const siblings =
    siblingsVersion === undefined
      ? []
      : ["-mod=mod", await withSiblings(cwd, dirname(target), siblingsVersion)];
  const linking = set === undefined ? "-s -w" : `-s -w -X ${set}`;
  const args = [
    "build",
    "-trimpath",
    "-buildvcs=false",
    "-ldflags",
    linking,
    ...siblings,
    "-o",
    target,
    main,
  ];
  const telling = setInterval(() => onProgress(`${module}: still building`), TELL_EVERY_MS);
  const built = await runCommand("go", args, { ...limits, cwd, timeoutMs: BUILD_MS });
  clearInterval(telling);
  return built.code === 0 ? undefined : `go build: ${built.stderr}`;
}

/** Writes a go.mod that takes the modules beside it at their released version. Returns the flag of `go` that names it. */
async function withSiblings(source: string, folder: string, version: string): Promise<string> {
  const file = join(folder, "siblings.mod");
  const text = await readFile(join(source, "go.mod"), "utf8");
  await writeFile(file, text.replace(/=> \.\/staging\/src\/(\S+)/g, `=> $1 v${version}`));
  await copyFile(join(source, "go.sum"), join(folder, "siblings.sum"));
  await chmod(join(folder, "siblings.sum"), 0o644);
  return `-modfile=${file}`;
}
