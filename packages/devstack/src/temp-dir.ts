import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Reads a pipe that only this process holds open, so it sees its end. Servers may take 5 s to stop after it. */
const REMOVE = 'read -r _; rmdir -- "$1" 2>/dev/null || { sleep 7; rm -rf -- "$1"; }';

let root: Promise<string> | undefined;

/**
 * Makes a folder that other users can pass, as root's Postgres has to. It is below a folder of this process in the
 * system's temporary one, which is removed when the process has ended, also by kill -9.
 */
export async function makeTempDir(purpose: string): Promise<string> {
  root ??= mkdtemp(join(tmpdir(), "parley-")).then(openToPass).then(removeAtEnd);
  return openToPass(await mkdtemp(join(await root, `${purpose}-`)));
}

/** Removes a folder when this process has ended, however it ends. Returns the folder. */
export function removeAtEnd(folder: string): string {
  const stdio = ["pipe", "ignore", "ignore"] as const;
  const remover = spawn("/bin/sh", ["-c", REMOVE, "sh", folder], { detached: true, stdio: [...stdio] });
  remover.on("error", () => undefined).unref();
  (remover.stdin as Socket).unref();
  return folder;
}

async function openToPass(folder: string): Promise<string> {
  await chmod(folder, 0o711);
  return folder;
}

/** Removes the data folder of a stack or a server, which must be stopped. */
export async function removeDataDir(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
