export type TestCount = Readonly<{ passed: number; failed: number; problems: readonly string[] }>;

/** The part of Vitest's JSON report that is read here. */
export type VitestReport = Readonly<{
  numPassedTests: number;
  numFailedTests: number;
  testResults: readonly Readonly<{
    name: string;
    status: string;
    assertionResults: readonly Readonly<{ status: string; fullName: string }>[];
  }>[];
}>;

/**
 * Counts a suite's tests. A file that could not be run, a run without a report, and a run that ended badly although
 * no test failed (an unhandled error, a failed setup) count as one failure each. No tests at all is none, of either.
 */
export function countTests(suite: string, exitCode: number, report: VitestReport | undefined): TestCount {
  if (report === undefined) {
    return exitCode === 0
      ? { passed: 0, failed: 0, problems: [] }
      : { passed: 0, failed: 1, problems: [`${suite}: Vitest ended with ${exitCode} and left no report`] };
  }
  const problems: string[] = [];
  for (const file of report.testResults) {
    const failures = file.assertionResults.filter(({ status }) => status === "failed");
    problems.push(...failures.map(({ fullName }) => `${suite}: ${fullName}`));
    if (file.status === "failed" && failures.length === 0) problems.push(`${suite}: ${file.name} as a whole`);
  }
  if (exitCode !== 0 && problems.length === 0) problems.push(`${suite}: Vitest ended with ${exitCode}`);
  return { passed: report.numPassedTests, failed: problems.length, problems };
}
