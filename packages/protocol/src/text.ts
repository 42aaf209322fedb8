import { type TSchemaOptions, type TString, Type } from "typebox";

/**
 * Rules for the text of bodies, names, parameters, cursors and emoji. Lengths are in code points, as in JSON Schema and
 * in the limits of `hello`.
 */

/** Control characters (Unicode category Cc), all of them. */
const CONTROL = /\p{Cc}/u;
/** Control characters that a body may not have: all but tab, line feed, and carriage return before a line feed. */
const BODY_CONTROL = /(?![\t\n\r])\p{Cc}|\r(?!\n)/u;
/** Line breaks outside of Cc. */
const LINE_BREAK = /[\u2028\u2029]/;
/** Embeddings, overrides and isolates, which let a name change how the text around it is shown (UAX #9). */
const BIDI_CONTROL = /[\u202A-\u202E\u2066-\u2069]/;
/**
 * A visible code point: no white space, no control or format character, nothing that fonts ignore by
 * default (U+3164 among them), no unpaired surrogate, and not one of the two blanks that Unicode counts as symbols.
 */
const VISIBLE = /[^\p{White_Space}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]/u;
const VARIATION_SELECTOR = /[\uFE0E\uFE0F]/g;
/** The name of an emoji, as `thumbsup` or `:+1:`. */
const EMOJI_NAME = /^:?[a-z0-9_+-]+:?$/;
const ISO_TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Whether Postgres and UTF-8 can hold a text: no NUL and no unpaired surrogate. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** Whether a text has a visible character. */
export const isVisible = (text: string): boolean => VISIBLE.test(text);

/** Whether a text can be the body of a message: visible, with one or more lines. */
export const isBody = (text: string): boolean =>
  text.isWellFormed() && !(CONTROL.test(text) && BODY_CONTROL.test(text)) && isVisible(text);

/** Whether a text is one line without control characters: an id, a search, a parameter. */
export const isLine = (text: string): boolean =>
  text.isWellFormed() && !CONTROL.test(text) && !LINE_BREAK.test(text);

/** Whether a text can be a displayed name: one visible line that does not change how the text around it is shown. */
export const isName = (text: string): boolean => isLine(text) && !BIDI_CONTROL.test(text) && isVisible(text);

/** Whether a text is one emoji (one visible grapheme cluster), or the name of one. */
export function isEmoji(text: string): boolean {
  if (EMOJI_NAME.test(text)) return true;
  if (!isLine(text) || !isVisible(text) || /\s/u.test(text)) return false;
  const [first] = graphemes.segment(text);
  return first?.segment.length === text.length;
}

/**
 * The form in which an emoji is stored and compared: without variation selectors.
 *
 * @example foldEmoji("❤\uFE0F") === "❤"
 */
export const foldEmoji = (emoji: string): string => emoji.replace(VARIATION_SELECTOR, "");

/** Whether a text is a time as `Date.prototype.toISOString` writes it, in the years 0000 to 9999. */
export const isTime = (text: string): boolean => ISO_TIME.test(text) && !Number.isNaN(Date.parse(text));

type StringOptions = TSchemaOptions & Readonly<{ minLength?: number; maxLength?: number }>;

/** A string schema with a rule that no portable pattern can express. `rule` completes the message "must be …". */
const refined = (is: (text: string) => boolean, rule: string, options: StringOptions): TString =>
  Type.Refine(Type.String(options), is, () => `must be ${rule}`);

/** Schema of a body. */
export const BodyText = (options: StringOptions): TString =>
  refined(isBody, "text that shows something, without control characters but tabs and line breaks", options);

/** Schema of a displayed name. */
export const NameText = (options: StringOptions): TString =>
  refined(
    isName,
    "one line of text that shows something, without control characters and bidirectional overrides",
    options,
  );

/** Schema of an id, a search or a parameter. */
export const LineText = (options: StringOptions): TString =>
  refined(isLine, "one line of text without control characters", options);

/** Schema of text that Postgres can store: for log entries, which may be older than the stricter rules. */
export const StorableText = (options: StringOptions): TString =>
  refined(isStorable, "text without NUL and unpaired surrogates", options);

/** Schema of an emoji. */
export const EmojiText = (options: StringOptions): TString =>
  refined(isEmoji, "one emoji, or the name of one", options);
