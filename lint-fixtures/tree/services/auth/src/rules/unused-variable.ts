// expect: lint/correctness/noUnusedVariables
export function run(): void {
  const answer = 1;
}
