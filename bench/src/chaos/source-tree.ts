import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { removeAtEnd } from "@parley/devstack/temp-dir";

/** One change of a source file: `search` must occur exactly once, or the patch is out of date. */
export type Patch = Readonly<{ file: string; search: string; replacement: string }>;

/** A copy of the sources of all services below the repository, so that their dependencies are still found. */
export type SourceTree = Readonly<{
  entries: Readonly<Record<string, string>>;
  migrationsFolder: string;
  remove: () => Promise<void>;
}>;

const COPIED = ["packages", "services", "proto", "migrations"] as const;
const SERVICES = ["auth", "ws-producer", "ws-consumer"] as const;

/**
 * Copies the sources of the working tree and changes them.
 *
 * @throws {Error} if a patch does not fit any more.
 */
export async function makeSourceTree(name: string, patches: readonly Patch[]): Promise<SourceTree> {
  const folder = join(REPOSITORY, "bench/.mutants", `${name}-${process.pid}`);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await mkdir(folder, { recursive: true });
    removeAtEnd(folder);
    const filter = (path: string) => !/\/(node_modules|dist|\.turbo)$/.test(path);
    for (const part of COPIED)
      await cp(join(REPOSITORY, part), join(folder, part), { recursive: true, filter });
    await linkPackages(folder);
    for (const patch of patches) await apply(folder, patch);
  } catch (error) {
    await remove();
    throw error;
  }
  const entries = Object.fromEntries(
    SERVICES.map((service) => [service, join(folder, "services", service, "src/main.ts")]),
  );
  return { entries, migrationsFolder: join(folder, "migrations"), remove };
}

/** Makes `@parley/…` resolve to the copies. */
async function linkPackages(folder: string): Promise<void> {
  const scope = join(folder, "node_modules/@parley");
  await mkdir(scope, { recursive: true });
  for (const name of await readdir(join(folder, "packages")))
    await symlink(join(folder, "packages", name), join(scope, name));
  await symlink(join(folder, "proto"), join(scope, "proto"));
}

async function apply(folder: string, { file, search, replacement }: Patch): Promise<void> {
  const path = join(folder, file);
  const text = await readFile(path, "utf8");
  const parts = text.split(search);
  if (parts.length !== 2)
    throw new Error(`the mutant is out of date: ${file} has ${parts.length - 1} times: ${search}`);
  await writeFile(path, parts.join(replacement));
}
