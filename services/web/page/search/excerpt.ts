/** A part of a text, and whether it is what was searched for. */
export type Piece = Readonly<{ text: string; isHit: boolean }>;

/** Characters before the first hit, and of an excerpt at most. */
const BEFORE = 60;
const LENGTH_MAX = 240;

/** The words and phrases of a query that a message must have, in small letters. */
export function termsOf(query: string): string[] {
  const terms: string[] = [];
  for (const [, minus, phrase, word] of query.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    const term = (phrase ?? word ?? "").trim().toLocaleLowerCase();
    if (minus === "" && term !== "" && term !== "or") terms.push(term);
  }
  return terms;
}

/** Whether a hit begins at a place: at the beginning of a word. */
const isStart = (text: string, at: number): boolean => at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? "");

/** The next hit from a place on: the first one, and of those the longest. */
function nextHit(
  text: string,
  terms: readonly string[],
  from: number,
): [at: number, length: number] | undefined {
  let best: [number, number] | undefined;
  for (const term of terms) {
    let at = text.indexOf(term, from);
    while (at >= 0 && !isStart(text, at)) at = text.indexOf(term, at + 1);
    if (at < 0) continue;
    if (!best || at < best[0] || (at === best[0] && term.length > best[1])) best = [at, term.length];
  }
  return best;
}

/** What is shown of a message that was found: one line around the first hit, with all hits marked and without markup. */
export function excerptOf(body: string, query: string): Piece[] {
  const line = body
    .replace(/\*\*|`+/g, "")
    .replace(/\s+/g, " ")
    .trim();
  const terms = termsOf(query);
  // Some capital letters have small ones of another length: then nothing is marked.
  const small = line.toLocaleLowerCase();
  const lower = small.length === line.length ? small : line;
  const first = nextHit(lower, terms, 0)?.[0] ?? 0;
  const start = first <= BEFORE ? 0 : line.lastIndexOf(" ", first - BEFORE) + 1;
  const end = Math.min(line.length, start + LENGTH_MAX);
  const pieces: Piece[] = start > 0 ? [{ text: "…", isHit: false }] : [];
  let at = start;
  while (at < end) {
    const [hit, length] = nextHit(lower, terms, at) ?? [end, 0];
    const until = Math.min(hit, end);
    if (until > at) pieces.push({ text: line.slice(at, until), isHit: false });
    if (until < end) pieces.push({ text: line.slice(until, until + length), isHit: true });
    at = until + length;
  }
  if (end < line.length) pieces.push({ text: "…", isHit: false });
  return pieces;
}
