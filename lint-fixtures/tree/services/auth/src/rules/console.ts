// expect: lint/suspicious/noConsole
export function run(): void {
  console.log("hello");
}
