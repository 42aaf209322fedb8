import { segmentsOf, unspacedToken } from "./tokens.ts";

/** A word or a quoted phrase, and whether a message must not have it. */
type Term = Readonly<{ text: string; isExcluded: boolean }>;

const TERM = /(?<minus>-(?=[^\s-]))?(?:"(?<phrase>[^"]*)(?:"|$)|(?<word>[^\s"]+))/gu;
const OR = /^or$/i;

/** The tokens of a text one after the other, as a `to_tsquery` phrase; undefined if the text has none. */
function phraseOf(text: string): string | undefined {
  const segments = [...segmentsOf(text)];
  const tokens = segments.flatMap((segment, i) => {
    if ("token" in segment) return [`'${segment.token}'`];
    const isLast = i === segments.length - 1;
    const { run } = segment;
    const [only] = run;
    // At the end of the query the run may go on in the message, so its last character is no token by itself.
    if (isLast && run.length === 1 && only !== undefined) return [`'${unspacedToken(only)}':*`];
    const pairs = run.map((character, at) => `'${unspacedToken(character, run[at + 1])}'`);
    return isLast ? pairs.slice(0, -1) : pairs;
  });
  return tokens.length === 0 ? undefined : `(${tokens.join(" <-> ")})`;
}

/** The terms of a query: alternatives, in each of which all terms count. */
function alternativesOf(query: string): Term[][] {
  const alternatives: Term[][] = [[]];
  for (const { groups } of query.matchAll(TERM)) {
    const { minus, phrase, word } = groups as Record<string, string | undefined>;
    if (minus === undefined && word !== undefined && OR.test(word)) alternatives.push([]);
    else alternatives.at(-1)?.push({ text: phrase ?? word ?? "", isExcluded: minus !== undefined });
  }
  return alternatives;
}

/**
 * Compiles what somebody typed into the search field for `to_tsquery`: all words must be there, `"quoted words"` one
 * after the other, `-word` must not be, `or` separates alternatives. Undefined if no alternative names anything that a
 * message must have: such a query finds nothing, not the whole room.
 *
 * @example compileQuery('report.pdf -draft') // "('report' <-> 'pdf') & !('draft')"
 */
export function compileQuery(query: string): string | undefined {
  const alternatives = alternativesOf(query).flatMap((terms) => {
    const compiled = terms.flatMap(({ text, isExcluded }) => {
      const phrase = phraseOf(text);
      return phrase === undefined ? [] : [{ phrase, isExcluded }];
    });
    if (!compiled.some(({ isExcluded }) => !isExcluded)) return [];
    return [compiled.map(({ phrase, isExcluded }) => (isExcluded ? `!${phrase}` : phrase)).join(" & ")];
  });
  return alternatives.length === 0 ? undefined : alternatives.join(" | ");
}
