/** A random id of 26 characters. (`crypto.randomUUID` is missing on plain HTTP.) */
export function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return bytes.reduce((id, byte) => id + (byte % 32).toString(32), "");
}
