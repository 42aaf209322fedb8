// expect: lint/style/useThrowOnlyError
export function run(): never {
  throw "no";
}
