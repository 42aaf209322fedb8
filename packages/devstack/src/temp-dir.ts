import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a folder below the system's temporary one that other users can pass, as root's Postgres has to. */
export async function makeTempDir(purpose: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `parley-${purpose}-`));
  await chmod(folder, 0o711);
  return folder;
}

/** Removes the data folder of a stack or a server, which must be stopped. */
export async function removeDataDir(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
