import { expect, test } from "vitest";
import { countTests } from "./test-count.ts";

const file = (status: string, ...tests: string[]) => ({
  name: "a.test.ts",
  status,
  assertionResults: tests.map((result, index) => ({ status: result, fullName: `test ${index}` })),
});

test("passed and failed tests are counted, and the failed ones are named", () => {
  const report = { numPassedTests: 1, numFailedTests: 1, testResults: [file("failed", "passed", "failed")] };
  expect(countTests("unit", 1, report)).toEqual({ passed: 1, failed: 1, problems: ["unit: test 1"] });
});

test("a file that could not be loaded is a failure", () => {
  const report = { numPassedTests: 0, numFailedTests: 0, testResults: [file("failed")] };
  expect(countTests("unit", 1, report)).toMatchObject({ passed: 0, failed: 1 });
});

test("a run that ended badly is a failure even if every test passed, or if it left no report", () => {
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [file("passed", "passed")] };
  expect(countTests("unit", 1, report)).toMatchObject({ passed: 3, failed: 1 });
  expect(countTests("unit", 1, undefined)).toMatchObject({ passed: 0, failed: 1 });
});

test("a project without tests is neither", () => {
  expect(countTests("e2e", 0, undefined)).toMatchObject({ passed: 0, failed: 0 });
});
