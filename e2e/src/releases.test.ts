import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { VERSION } from "@parley/runtime/version";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(join(REPOSITORY, file), "utf8");

test("one version: in every workspace, in what they need of one another, and first in the change log", () => {
  const folders = "{{packages,services}/*,bench,e2e,examples,proto}";
  const files = ["package.json", ...globSync(`${folders}/package.json`, { cwd: REPOSITORY })];
  expect(files.length).toBeGreaterThan(10);
  const wrong = files.filter((file) => {
    const { version, dependencies = {} } = JSON.parse(read(file));
    const ours = Object.entries(dependencies).filter(([name]) => name.startsWith("@parley/"));
    return version !== VERSION || ours.some(([, needed]) => needed !== VERSION);
  });
  expect(wrong).toEqual([]);
  expect(/^## (\S+)/m.exec(read("CHANGELOG.md"))?.[1]).toBe(VERSION);
});

/** A network of its own needs root, or a kernel that lets users make one. */
const UNSHARE = ["--net", "--mount", ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"])];
const canUnshare = spawnSync("unshare", [...UNSHARE, "true"]).status === 0;

test("docs/try-it.md prints what it says; meanwhile nothing calls out: no service, NATS or Postgres", async (context) => {
  const tryIt = [process.execPath, "e2e/src/try-it.ts"];
  const args = [...UNSHARE, "sh", "e2e/src/no-route.sh", ...tryIt];
  const [program = "", ...rest] = canUnshare ? ["unshare", ...args] : tryIt;
  const { stdout, stderr } = await runCommand(program, rest, { cwd: REPOSITORY, timeoutMs: 150_000 });
  expect(stdout, stderr).toMatch(/^try-it: (\d+) of \1 steps/m);
  if (!canUnshare) return context.skip("this user may not make a network of its own (unshare)");
  const [, before, after, control] = /^attempts: (\d+) (\d+) (\d+)$/m.exec(stdout) ?? [];
  expect([before, after]).toEqual(["0", "0"]);
  expect(Number(control)).toBeGreaterThan(0);
});
