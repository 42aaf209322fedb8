import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { expect, it } from "vitest";

const SEED = 42;
const DURATION_S = 36;
const DEADLINE_MS = 150_000;
const UNKNOWN_SHARE_MOST = 0.005;
/** As many kinds of fault as there are; one round has each. */
const FAULTS_LEAST = 32;

type Report = {
  sends: number;
  verdict: { acked: number; unknown: number; heard: number; counts: Record<string, number>; samples: object };
  faults: Record<string, number>;
  troubles: string[];
  backlogMs: (number | null)[];
};

/** The short form of `make chaos`: one round. How long recovery takes is judged by the long form alone. */
it("loses, doubles and reorders nothing while every kind of fault happens once", async () => {
  const file = join(REPOSITORY, `bench/results/chaos-${SEED}.json`);
  await rm(file, { force: true });
  const child = spawn(process.execPath, [join(REPOSITORY, "bench/src/chaos/main.ts")], {
    env: { ...process.env, SEED: String(SEED), DURATION_S: String(DURATION_S), NODE_ENV: "test", MUTANT: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text) => {
      output += text;
    });
  const timer = setTimeout(() => child.kill("SIGTERM"), DEADLINE_MS);
  await new Promise((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
  const text = await readFile(file, "utf8").catch(() => {
    throw new Error(`the run did not end:\n${output}`);
  });
  const { sends, verdict, faults, troubles, backlogMs } = JSON.parse(text) as Report;
  expect(
    Object.entries(verdict.counts).filter(([, count]) => count > 0),
    output,
  ).toEqual([]);
  expect(troubles).toEqual([]);
  expect(verdict.unknown).toBeLessThanOrEqual(sends * UNKNOWN_SHARE_MOST);
  expect(verdict.acked).toBeGreaterThan(1_000);
  expect(Object.keys(faults).length).toBeGreaterThanOrEqual(FAULTS_LEAST);
  expect(backlogMs).not.toContain(null);
});
