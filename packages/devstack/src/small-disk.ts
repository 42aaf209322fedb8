import { execFile } from "node:child_process";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeTempDir, removeDataDir } from "./temp-dir.ts";

const run = promisify(execFile);

/** A folder on a file system of its own, which can be filled. */
export type SmallDisk = NonNullable<Awaited<ReturnType<typeof openSmallDisk>>>;

/** Makes a small file system in memory; undefined where mounting is not possible: it needs root and Linux. */
export async function openSmallDisk(megabytes: number) {
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
    /** Fills it, so that about `leaveBytes` are left. */
    fill: async (leaveBytes: number) => {
      const { bavail, bsize } = await statfs(dir);
      await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
    },
    /** Gives the room back. */
    free: () => rm(ballast),
    close: async () => {
      await run("umount", [dir]);
      await removeDataDir(dir);
    },
  };
}
