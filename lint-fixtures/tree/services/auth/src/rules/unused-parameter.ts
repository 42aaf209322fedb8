// expect: lint/correctness/noUnusedFunctionParameters
export function run(room: string): void {}
