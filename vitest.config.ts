import { defineConfig } from "vitest/config";

const globalSetup = ["packages/devstack/src/vitest-setup.ts"];

export default defineConfig({
  test: {
    reporters: ["default"],
    retry: 0,
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "services/*/src/**/*.test.ts", "bench/src/**/*.test.ts"],
          globalSetup,
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole stacks with many processes: one file at a time, or they starve one another on a small machine.
        test: {
          name: "e2e",
          include: ["e2e/src/**/*.test.ts", "packages/client/behaviour/**/*.test.ts"],
          globalSetup,
          pool: "forks",
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
