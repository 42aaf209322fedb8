import { execFile } from "node:child_process";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeTempDir, removeDataDir } from "./temp-dir.ts";

const run = promisify(execFile);

/** A folder on a file system of its own, which can be filled. */
export type SmallDisk = Readonly<{
  dir: string;
  /** Fills it, so that about `leaveBytes` are left. */
  fill: (leaveBytes: number) => Promise<void>;
  /** Gives the room back. */
  free: () => Promise<void>;
  close: () => Promise<void>;
}>;

/** Makes one in memory; undefined where mounting is not possible: it needs root and Linux. */
export async function openSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const dir = await makeTempDir("disk");
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=1777`, "tmpfs", dir]);
  } catch {
    await removeDataDir(dir);
    return undefined;
  }
  const ballast = join(dir, "ballast");
  return {
    dir,
    fill: async (leaveBytes) => {
      const { bavail, bsize } = await statfs(dir);
      await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
    },
    free: () => rm(ballast),
    close: async () => {
      await run("umount", [dir]);
      await removeDataDir(dir);
    },
  };
}
