/** Times as `toISOString` writes them, but for a 29th of February: that they are right is seen without reading them. */
const ISO_TIME =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** A time as `toISOString` writes it; undefined if the text is none. */
export function timeOf(text: string): string | undefined {
  if (ISO_TIME.test(text)) return text;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
