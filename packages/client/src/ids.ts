/** A random id of 26 characters. (`crypto.randomUUID` is missing on plain HTTP.) */
export function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return Array.from(bytes, (byte) => (byte % 32).toString(32)).join("");
}
