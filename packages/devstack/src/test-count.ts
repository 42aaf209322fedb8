import type { Reporter, TestModule, Vitest } from "vitest/node";

/**
 * Vitest reporter of `make test`: the last line is `N passed, N failed`, after a line for each failure. A file that fails
 * as a whole, an error outside of every test and a project without tests count as one failure each. Any failure makes
 * the run exit with 1.
 */
export default class TestCount implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = (module: TestModule, state: "passed" | "failed") =>
      [...module.children.allTests()].filter((test) => test.result().state === state).length;
    const sum = (of: (module: TestModule) => number) => modules.reduce((total, one) => total + of(one), 0);
    const failures = (module: TestModule) =>
      Math.max(count(module, "failed"), Number(module.state() === "failed"));
    for (const one of modules.flatMap((module) => failuresIn(module))) process.stdout.write(`${one}\n`);
    const projects = this.#vitest?.projects ?? [];
    const empty = projects.filter((project) => !modules.some((module) => module.project === project));
    const failed = sum(failures) + errors.length + empty.length;
    process.stdout.write(`${sum((module) => count(module, "passed"))} passed, ${failed} failed\n`);
    if (failed > 0) process.exitCode = 1;
  }
}

/** Of what a test received, so much is told, characters. */
const RECEIVED_MAX = 300;

/** What failed in a file, a line each: where, the first line of why, and what was received, which that line may leave out. */
function failuresIn(module: TestModule): string[] {
  const tests = [...module.children.allTests()].map((test) => ({
    name: test.fullName,
    errors: test.result().errors ?? [],
  }));
  const all = [{ name: "the file", errors: module.errors() }, ...tests];
  return all.flatMap(({ name, errors }) =>
    errors.map(({ message, actual = "" }) => {
      const received = String(actual).replace(/\s+/g, " ").slice(0, RECEIVED_MAX);
      const why = message.split("\n")[0] + (received && ` (received ${received})`);
      return `FAILED ${module.relativeModuleId} > ${name}: ${why}`;
    }),
  );
}
