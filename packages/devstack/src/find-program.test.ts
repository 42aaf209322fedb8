import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "./find-program.ts";
import { makeTempDir } from "./temp-dir.ts";

/** A program that only prints a version. */
async function fakeServer(folder: string, version: string): Promise<string> {
  const file = join(folder, "nats-server");
  await writeFile(file, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(file, 0o755);
  return file;
}

test("the program on the PATH is taken if it is new enough", async () => {
  const folder = await makeTempDir("bin");
  const file = await fakeServer(folder, "2.16.0");
  expect(await findProgram("nats-server", { env: { PATH: folder, PARLEY_CACHE_DIR: folder } })).toBe(file);
});

test("a named program that is too old is refused, with both versions", async () => {
  const folder = await makeTempDir("bin");
  const NATS_SERVER_BIN = await fakeServer(folder, "2.9.10");
  await expect(findProgram("nats-server", { env: { NATS_SERVER_BIN } })).rejects.toThrow(
    /2\.9\.10.*2\.15\.1/,
  );
});

test("when none can be found or fetched, the error has what was tried and what to do", async () => {
  const folder = await makeTempDir("bin");
  await fakeServer(folder, "2.10.0");
  const lost = findProgram("nats-server", { env: { PATH: folder, PARLEY_CACHE_DIR: join(folder, "cache") } });
  await expect(lost).rejects.toThrow(/2\.10\.0[\s\S]*distribution's package, then Go/);
  await expect(lost).rejects.toMatchObject({ code: "PROGRAM_MISSING" });
});
