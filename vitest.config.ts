import { defineConfig } from "vitest/config";

const globalSetup = ["packages/devstack/src/vitest-setup.ts"];

const CHAOS = "e2e/src/chaos.test.ts";
const stacks = {
  include: [
    "e2e/src/**/*.test.ts",
    "packages/client/behaviour/**/*.test.ts",
    "services/web/behaviour/**/*.test.ts",
  ],
  globalSetup,
  pool: "forks",
  testTimeout: 180_000,
  hookTimeout: 180_000,
} as const;

export default defineConfig({
  test: {
    reporters: ["default"],
    retry: 0,
    // vitest's second is too short for a machine that also runs other tests.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "services/*/src/**/*.test.ts",
            "services/web/page/**/*.test.ts",
            "bench/src/**/*.test.ts",
          ],
          globalSetup,
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole stacks with many processes: one at a time, or they starve one another on a small machine.
        test: { ...stacks, name: "e2e", maxWorkers: 1, exclude: [CHAOS], sequence: { groupOrder: 2 } },
      },
      {
        // It judges how a stack recovers, so it has the machine for itself.
        test: { ...stacks, name: "chaos", maxWorkers: 1, include: [CHAOS], sequence: { groupOrder: 3 } },
      },
    ],
  },
});
