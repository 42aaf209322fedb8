import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { loadDotEnv, REPOSITORY } from "./environment.ts";
import { makeTempDir } from "./temp-dir.ts";
import { say } from "./terminal.ts";
import { countTests, type TestCount, type VitestReport } from "./test-count.ts";

const BIN = join(REPOSITORY, "node_modules/.bin");
const STEPS = { "lint and imports": "lint", types: "check" };
const PROJECTS = ["unit", "e2e"];

/** `make test`: each step as one test, then the suites. The last line is always `N passed, N failed`. */
async function main(): Promise<number> {
  loadDotEnv();
  const startedAt = performance.now();
  const folder = await makeTempDir("test-run");
  const counts: TestCount[] = [];
  for (const [name, script] of Object.entries(STEPS)) {
    const isGood = (await run(name, "npm", ["run", "--silent", script])) === 0;
    counts.push({ passed: Number(isGood), failed: Number(!isGood), problems: isGood ? [] : [name] });
  }
  for (const project of PROJECTS) counts.push(await runSuite(project, join(folder, `${project}.json`)));
  await rm(folder, { recursive: true, force: true });
  say(`\nmake test took ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  for (const problem of counts.flatMap(({ problems }) => problems)) say(`failed: ${problem}`);
  const sum = (key: "passed" | "failed") => counts.reduce((total, count) => total + count[key], 0);
  say(`${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") === 0 && sum("passed") > 0 ? 0 : 1;
}

async function runSuite(project: string, reportFile: string): Promise<TestCount> {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const args = ["run", "--project", project, "--passWithNoTests", ...reporters, ...process.argv.slice(2)];
  const code = await run(`${project} tests`, join(BIN, "vitest"), args);
  const report = await readFile(reportFile, "utf8").catch(() => undefined);
  return countTests(project, code, report === undefined ? undefined : (JSON.parse(report) as VitestReport));
}

/** Runs a program in the foreground. Resolves with its exit code; 1 if it cannot be started or a signal ended it. */
function run(name: string, command: string, args: readonly string[]): Promise<number> {
  say(`\n=== ${name}`);
  const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: "1" };
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: REPOSITORY, stdio: ["ignore", "inherit", "inherit"], env });
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, pass);
    child.on("error", ({ message }) => say(`${name}: ${message}`));
    child.on("close", (code) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, pass);
      resolve(code !== null && code >= 0 ? code : 1);
    });
  });
}

process.exit(await main());
