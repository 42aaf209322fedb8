import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";

const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: REPOSITORY, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/**
 * The folder of an earlier state: as it is named, or a clone of a revision, which is installed once.
 *
 * @throws {Error} with git's message if there is no such revision.
 */
export function baseFolder(base: string): string {
  if (existsSync(join(base, "package.json"))) return resolve(base);
  const revision = git("rev-parse", "--verify", `${base}^{commit}`);
  const folder = join(REPOSITORY, "bench/.bases", revision);
  if (!existsSync(folder)) {
    git("clone", "--quiet", "--no-checkout", REPOSITORY, folder);
    git("-C", folder, "checkout", "--quiet", revision);
  }
  execFileSync("make", ["install"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return folder;
}

/** The newest tag before HEAD's own; undefined if there is none. */
export function previousTag(): string | undefined {
  const own = git("tag", "--points-at", "HEAD").split("\n").filter(Boolean);
  try {
    return git("describe", "--tags", "--abbrev=0", ...own.map((tag) => `--exclude=${tag}`));
  } catch {
    return undefined;
  }
}
