import keywords from "emojilib/dist/emoji-en-US.json" with { type: "json" };
import { QUICK } from "./quick.ts";

/** An emoji, its name and then other words for it, in small letters with `_` between words. */
export type Emoji = Readonly<{ emoji: string; names: readonly [string, ...string[]] }>;

/** All emoji in the order of Unicode. The words are English in all languages of the page. */
const ALL = Object.entries(keywords).map(([emoji, names]) => ({
  emoji,
  names: names.map((name) => name.toLowerCase()) as unknown as Emoji["names"],
}));

/** Of several words, each fits. */
const WORST = 5;

/** How well a word fits an emoji, 0 best; undefined: it does not. */
function fitOf({ emoji, names }: Emoji, word: string): number | undefined {
  const [name] = names;
  if (name === word) return 0;
  if (name.startsWith(word) || name.split("_").includes(word)) return QUICK.includes(emoji) ? 1 : 2;
  if (names.includes(word)) return 3;
  return names.some((one) => one.startsWith(word)) || name.includes(`_${word}`) ? 4 : undefined;
}

/** The emoji with words that begin with each of those given, those that fit best first; all if none is given. */
export function findEmoji(query: string): readonly Emoji[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return ALL;
  const found = ALL.flatMap((one) => {
    const whole = fitOf(one, words.join("_"));
    if (whole !== undefined) return [{ one, fit: whole }];
    const fits = words.map((word) => fitOf(one, word));
    return fits.includes(undefined) ? [] : [{ one, fit: WORST }];
  });
  return found.sort((a, b) => a.fit - b.fit).map(({ one }) => one);
}

/** The word of an emoji that begins with what was written, its name before others. */
export const nameFor = ({ names }: Emoji, written: string): string =>
  names.find((name) => name.startsWith(written.toLowerCase())) ?? names[0];
