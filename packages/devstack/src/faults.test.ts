import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadDotEnv, SettingError, whenItChanges } from "./environment.ts";
import { runCommand } from "./run-command.ts";
import { isAlive } from "./server-process.ts";
import { openSmallDisk } from "./small-disk.ts";
import { startStack } from "./stack.ts";
import { makeTempDir } from "./temp-dir.ts";
import { Unit } from "./unit.ts";

/** A unit that runs a line of shell and is never ready. */
async function shellUnit(script: string, onPid?: (pid: number | undefined) => void): Promise<Unit> {
  const logFile = join(await makeTempDir("unit"), "unit.log");
  const command = async () => ({ command: "/bin/sh", args: ["-c", script], logFile });
  const missing = async () => "it does not listen yet";
  return new Unit({ name: "unit", logFile, command, missing, refusedCode: 2, supervise: true, onPid });
}

test("J: a line of .env that is no assignment is named", async () => {
  const file = join(await makeTempDir("env"), ".env");
  const lines = [
    "# a comment",
    "",
    "FAULTS_ONE=1",
    'export FAULTS_TEXT="two',
    'lines"',
    "FAULTS TWO 2",
    "X=3",
  ];
  await writeFile(file, lines.join("\n"));
  expect(() => loadDotEnv(file)).toThrow(`line 6 of ${file} is no assignment: write NAME=value`);
  await writeFile(file, lines.slice(0, 5).join("\n"));
  loadDotEnv(file);
  expect([process.env.FAULTS_ONE, process.env.FAULTS_TEXT]).toEqual(["1", "two\nlines"]);
});

test("J: a setting that a service refuses ends the start with its sentence, without another try", async () => {
  const unit = await shellUnit(`echo '{"level":60,"msg":"PORT must be a number"}'; exit 2`);
  const refusal = await unit.startReady().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SettingError);
  expect(refusal).toMatchObject({ message: "unit: PORT must be a number" });
  expect(unit.restarts).toBe(0);
});

test("J: what is waited for is told once per change", () => {
  const told: string[] = [];
  const tell = whenItChanges((line) => told.push(line));
  for (const line of ["no answer", "no answer", "no answer", "503", "503", "no answer"]) tell(line);
  expect(told).toEqual(["no answer", "503", "no answer"]);
});

test("J: a process whose pid cannot be written is ended", async () => {
  const pids: number[] = [];
  const unit = await shellUnit("sleep 60", (pid) => {
    if (pid === undefined) return;
    pids.push(pid);
    throw new Error("ENOSPC: no space left on device");
  });
  await expect(unit.startReady()).rejects.toThrow("no space left");
  expect(pids.length).toBeGreaterThan(0);
  expect(pids.filter(isAlive)).toEqual([]);
});

test("J: an install without the network says so within seconds", async () => {
  const folder = await makeTempDir("install");
  const scripts = join(folder, "packages/devstack/scripts");
  await mkdir(scripts, { recursive: true });
  await copyFile(join(import.meta.dirname, "../scripts/install.sh"), join(scripts, "install.sh"));
  const nowhere = "http://127.0.0.1:9/";
  const root = { name: "root", version: "1.0.0", dependencies: { nothing: "1.0.0" } };
  const nothing = {
    version: "1.0.0",
    resolved: `${nowhere}nothing.tgz`,
    integrity: `sha512-${"A".repeat(86)}==`,
  };
  const lock = { ...root, lockfileVersion: 3, packages: { "": root, "node_modules/nothing": nothing } };
  await writeFile(join(folder, "package.json"), JSON.stringify(root));
  await writeFile(join(folder, "package-lock.json"), JSON.stringify(lock));
  const env = { ...process.env, npm_config_registry: nowhere, npm_config_cache: join(folder, "cache") };
  const startedAt = performance.now();
  const { code, stderr } = await runCommand("/bin/sh", [join(scripts, "install.sh")], { env });
  expect(code).toBe(1);
  expect(stderr).toContain("make: npm's registry cannot be reached");
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

/** A small disk needs root, and a kernel that lets it mount one. */
const disk = await openSmallDisk(170);

describe.skipIf(disk === undefined)("on a small disk", () => {
  const dataDir = join(disk?.dir ?? "", "data");
  afterAll(() => disk?.close());

  test("J: a start on a full disk is refused at once", async () => {
    await disk?.fill(70 * 1_024 * 1_024);
    const refused = /^DATA_DIR=.* has \d+ MB left on its disk, a start needs 150; free some/;
    await expect(startStack({ dataDir })).rejects.toThrow(refused);
    await disk?.free();
  });

  test("J: a start during which the disk fills up leaves nothing running", async () => {
    const onProgress = (line: string) => {
      if (line.includes("making the database cluster")) void disk?.fill(0).catch(() => undefined);
    };
    await expect(startStack({ dataDir, onProgress })).rejects.toThrow();
    expect((await runCommand("pgrep", ["-af", dataDir])).stdout).toBe("");
    expect(existsSync(join(dataDir, "run/supervisor.pid"))).toBe(false);
  });
});
