import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { loadDotEnv } from "./dot-env.ts";
import { REPOSITORY } from "./environment.ts";
import { makeTempDir } from "./temp-dir.ts";
import { say } from "./terminal.ts";
import { countTests, type TestCount, type VitestReport } from "./test-count.ts";

type Step = Readonly<{ name: string; command: string; args: readonly string[] }>;

const STEPS: readonly Step[] = [
  { name: "lint and imports", command: "npm", args: ["run", "--silent", "lint"] },
  { name: "types", command: "npm", args: ["run", "--silent", "check"] },
];
const PROJECTS = ["unit", "e2e"] as const;

/** `make test`: each step as one test, then the suites. The last line is always `N passed, N failed`. */
async function main(): Promise<number> {
  loadDotEnv();
  let passed = 0;
  let failed = 0;
  const problems: string[] = [];
  const add = (count: TestCount) => {
    passed += count.passed;
    failed += count.failed;
    problems.push(...count.problems);
  };
  const folder = await makeTempDir("test-run");
  const startedAt = performance.now();
  try {
    for (const step of STEPS) {
      const isWell = (await run(step)) === 0;
      add({ passed: isWell ? 1 : 0, failed: isWell ? 0 : 1, problems: isWell ? [] : [step.name] });
    }
    for (const project of PROJECTS) add(await runSuite(project, join(folder, `${project}.json`)));
  } catch (error) {
    add({ passed: 0, failed: 1, problems: [error instanceof Error ? error.message : String(error)] });
  }
  await rm(folder, { recursive: true, force: true });
  say(`\nmake test took ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  for (const problem of problems) say(`failed: ${problem}`);
  const isWell = failed === 0 && passed > 0;
  say(`${passed} passed, ${failed} failed`);
  return isWell ? 0 : 1;
}

async function runSuite(project: string, reportFile: string): Promise<TestCount> {
  const vitest = join(REPOSITORY, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const args = [
    vitest,
    "run",
    "--project",
    project,
    "--passWithNoTests",
    ...reporters,
    ...process.argv.slice(2),
  ];
  const code = await run({ name: `${project} tests`, command: process.execPath, args });
  const report = await readFile(reportFile, "utf8").then(
    (text) => JSON.parse(text) as VitestReport,
    () => undefined,
  );
  return countTests(project, code, report);
}

/** Runs a step in the foreground; gives its exit code, 1 if it could not be started or was ended by a signal. */
function run(step: Step): Promise<number> {
  say(`\n=== ${step.name}`);
  return new Promise((resolve) => {
    const path = [join(REPOSITORY, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
    const child = spawn(step.command, step.args, {
      cwd: REPOSITORY,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: "1" },
    });
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, pass);
    const finish = (code: number) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, pass);
      resolve(code);
    };
    child.on("error", (error) => {
      say(`${step.name}: ${error.message}`);
      finish(1);
    });
    child.on("exit", (code) => finish(code ?? 1));
  });
}

process.exit(await main());
