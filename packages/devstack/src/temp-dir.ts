import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removePostgresPlace } from "./postgres-home.ts";

/** Makes a folder below the system's temporary one that other users can pass, as Postgres needs when we are root. */
export async function makeTempDir(purpose: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `parley-${purpose}-`));
  await chmod(folder, 0o755);
  return folder;
}

/** Removes a stack's or a server's data folder and what it keeps elsewhere. The servers must be stopped. */
export async function removeDataDir(folder: string): Promise<void> {
  for (const dataDir of [folder, join(folder, "postgres")]) await removePostgresPlace(dataDir);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
