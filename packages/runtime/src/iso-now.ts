let at = 0;
let text = "";

/** The time now, ISO 8601 in UTC with ms. Written anew once a millisecond: that takes longer than all else in an ack. */
export function isoNow(): string {
  const now = Date.now();
  if (now !== at) {
    at = now;
    text = new Date(now).toISOString();
  }
  return text;
}
