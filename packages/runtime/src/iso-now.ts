let cachedAt = 0;
let cached = "";

/** Returns the time now, ISO 8601 in UTC with ms. The text is formatted once per millisecond: a busy producer asks often. */
export function isoNow(): string {
  const now = Date.now();
  if (now !== cachedAt) {
    cachedAt = now;
    cached = new Date(now).toISOString();
  }
  return cached;
}
