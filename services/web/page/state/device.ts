/**
 * What is kept of this device, not of a user, outside of the database, as it is needed before the first picture; undefined if
 * nothing is, or the browser keeps nothing.
 */
export function onDevice(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a text of this device; undefined removes it. A browser that keeps nothing is no error. */
export function keepOnDevice(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Not kept.
  }
}
