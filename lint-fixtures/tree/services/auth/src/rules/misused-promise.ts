// expect: lint/nursery/noMisusedPromises
async function isOpen(): Promise<boolean> {
  return true;
}

export function run(): string {
  if (isOpen()) return "open";
  return "closed";
}
