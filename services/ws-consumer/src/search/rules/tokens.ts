/**
 * Splits text into tokens, the units of the search index: words and numbers; pairs of characters where a script has no
 * spaces; emoji. Addresses, file names and compounds fall into their components (`report.pdf` into `report` and `pdf`),
 * so each component is found, and the whole is found as those tokens one after the other.
 *
 * Tokens consist of letters and digits only, because Postgres gives them their stems (`to_tsvector`), and must not split
 * them again by rules of its own.
 */

/** Longest token, code points: a longer run of letters is several tokens, in a query too. */
const TOKEN_LENGTH_MAX = 64;

/** Letters of scripts without spaces between words. */
const UNSPACED = String.raw`[[\p{L}\p{M}\p{N}]&&[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]]`;
const FIRST = String.raw`[[\p{L}\p{N}]--${UNSPACED}]`;
const LATER = String.raw`[[\p{L}\p{N}\p{M}]--${UNSPACED}]`;
const TOKEN = new RegExp(
  String.raw`(?<unspaced>${UNSPACED}+)|${FIRST}${LATER}{0,${TOKEN_LENGTH_MAX - 1}}|(?<emoji>[\p{Extended_Pictographic}\p{Regional_Indicator}])`,
  "gv",
);
const ASCII = /^\p{ASCII}*$/v;

/** One token, or a run of characters of a script without spaces. */
type Segment = Readonly<{ token: string } | { run: readonly string[] }>;

/** The form in which texts are compared: NFKC, without case. */
function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFC");
}

/** A character as five hexadecimal digits, the first of which is a digit also for Postgres: not a word with a stem. */
const hex = (character: string): string => (character.codePointAt(0) as number).toString(16).padStart(5, "0");

/** The token of one character of an unspaced script, or of two that follow on each other. */
export const unspacedToken = (first: string, second = ""): string =>
  `u${hex(first)}${second === "" ? "" : hex(second)}`;

/** Splits a text into words, numbers, emoji, and runs of unspaced characters, in their order. */
export function* segmentsOf(text: string): Generator<Segment> {
  for (const { 0: token, groups } of fold(text).matchAll(TOKEN)) {
    if (groups?.unspaced !== undefined) yield { run: [...token] };
    else yield { token: groups?.emoji === undefined ? token : `e${hex(token)}` };
  }
}

/**
 * The tokens under which a text is found. In an unspaced run each character begins a token with the one that follows it;
 * the last one is a token by itself.
 *
 * @example tokensOf("PLT-3699: 中文!") // ["plt", "3699", "u04e2d06587", "u06587"]
 */
export function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (const segment of segmentsOf(text)) {
    if ("token" in segment) tokens.push(segment.token);
    else
      segment.run.forEach((character, i) => void tokens.push(unspacedToken(character, segment.run[i + 1])));
  }
  return tokens;
}
