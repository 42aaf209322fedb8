import { execFile } from "node:child_process";
import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { sleep } from "@parley/runtime/deadline";

const run = promisify(execFile);

const SIZE_BYTES = 2 * 1024 ** 3;
/** FS_IOC_SHUTDOWN, and the flag that drops the journal in memory too: as if the power went. */
const SHUTDOWN = `my $flags = pack("L", 2);
  open(my $file, "<", $ARGV[0]) or die "open: $!";
  ioctl($file, 0x8004587d, $flags) or die "ioctl: $!"`;
const UNMOUNT_TRIES = 50;

/** A file system whose power can be cut: unsynced writes are lost then. */
export type Disk = Awaited<ReturnType<typeof makeDisk>>;

/**
 * Makes an ext4 in a file and mounts it by a loop device.
 *
 * @throws {Error} that says what is missing: root, a program, or the right to mount.
 */
export async function makeDisk() {
  if (process.getuid?.() !== 0)
    throw new Error(
      "cutting the power of a file system needs root: nothing was run (try: sudo make chaos-power)",
    );
  const folder = await makeTempDir("power");
  const image = join(folder, "disk.ext4");
  const path = join(folder, "disk");
  const marker = join(path, "marker");
  const mount = () => run("mount", ["-o", "loop", image, path]);
  const unmount = async () => {
    for (let left = UNMOUNT_TRIES; ; left -= 1) {
      try {
        await run("umount", [path]);
        return;
      } catch (error) {
        if (left === 1) throw error;
        await sleep(100);
      }
    }
  };
  const sync = async () => void (await run("sync", ["-f", marker]));
  try {
    await writeFile(image, "");
    await truncate(image, SIZE_BYTES);
    await run("mkfs.ext4", ["-q", "-F", image]);
    await mkdir(path);
    await mount();
    await writeFile(marker, "a file to hold on to");
    await sync();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`this machine cannot mount an ext4 from a file: ${error}`, { cause: error });
  }
  return {
    /** Where it is mounted. */
    path,
    /** Syncs everything, such as configuration files that no process syncs. */
    sync,
    /** No write reaches it from now on; those still in memory are lost. */
    cutPower: async () => void (await run("perl", ["-e", SHUTDOWN, marker])),
    /** Mounts it again and replays its journal. Processes with open files there must have ended. */
    powerOn: async () => {
      await unmount();
      await mount();
    },
    remove: async () => {
      await unmount();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
