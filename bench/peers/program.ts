import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where each peer has a folder of its own. */
export const PEERS = fileURLToPath(new URL(".", import.meta.url));

/**
 * The path of a peer's program: what `<NAME>_BIN` says (CENTRIFUGO_BIN), else what its install.sh built, else the first
 * of that name on the PATH. Undefined if there is none.
 */
export function findProgram(peer: string, name: string = peer): string | undefined {
  const named = process.env[`${name.toUpperCase().replaceAll("-", "_")}_BIN`];
  if (named !== undefined) return named;
  const folders = [join(PEERS, peer, "bin"), ...(process.env.PATH ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
