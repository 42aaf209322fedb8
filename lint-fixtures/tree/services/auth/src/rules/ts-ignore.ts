// expect: lint/suspicious/noTsIgnore
// @ts-ignore because
export const x: number = "1";
