import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { armCrashPoint } from "./crash-point.ts";

const PROGRAM = `
  import { armCrashPoint, crashPoint } from ${JSON.stringify(new URL("./crash-point.ts", import.meta.url).href)};
  armCrashPoint(process.env);
  for (let i = 1; i <= 3; i += 1) {
    crashPoint("writer-before-write");
    process.stdout.write(String(i));
  }`;

const run = (env: Record<string, string>) => {
  const args = ["--input-type=module", "--eval", PROGRAM];
  const { stdout, signal } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  return { stdout, signal };
};

it("kills the process when it reaches the armed point for the nth time", () => {
  expect(run({ CRASH_AT: "writer-before-write:2" })).toEqual({ stdout: "1", signal: "SIGKILL" });
});

it("does nothing at other points, or without the variable", () => {
  expect(run({ CRASH_AT: "writer-after-write:1" })).toEqual({ stdout: "123", signal: null });
  expect(run({})).toEqual({ stdout: "123", signal: null });
});

it("refuses an unknown point, and any point in production", () => {
  expect(() => armCrashPoint({ CRASH_AT: "nowhere:1" })).toThrow("CRASH_AT");
  expect(() => armCrashPoint({ CRASH_AT: "writer-before-write:0" })).toThrow("CRASH_AT");
  const env = { CRASH_AT: "writer-before-write:1", NODE_ENV: "production" };
  expect(() => armCrashPoint(env)).toThrow("production");
});
