import { type TSchemaOptions, type TString, Type } from "typebox";

/**
 * What counts as text in bodies, names, parameters, cursors and emoji. Lengths are in code points, as JSON Schema counts
 * them and as the limits in `hello` are told.
 */

/** Control characters (Unicode category Cc), all of them. */
const CONTROL = /\p{Cc}/u;
/** Control characters that a body may not have: all but tab and line feed; a carriage return only before a line feed. */
const BODY_CONTROL = /(?![\t\n\r])\p{Cc}|\r(?!\n)/u;
/** Everything that ends a line, also outside of Cc. */
const LINE_BREAK = /[\u2028\u2029]/;
/** Embeddings, overrides and isolates, which let a name change how the text around it is shown (UAX #9). */
const BIDI_CONTROL = /[\u202A-\u202E\u2066-\u2069]/;
/**
 * A code point that shows something: no white space, no control or format character, nothing that fonts ignore by
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

/** Whether a text shows anything at all. */
export const isVisible = (text: string): boolean => VISIBLE.test(text);

/** Whether a text can be the body of a message: it may have several lines and shows something. */
export const isBody = (text: string): boolean =>
  text.isWellFormed() && !(CONTROL.test(text) && BODY_CONTROL.test(text)) && isVisible(text);

/** Whether a text is one line without control characters: an id, a search, a parameter. */
export const isLine = (text: string): boolean =>
  text.isWellFormed() && !CONTROL.test(text) && !LINE_BREAK.test(text);

/** Whether a text can be a name that people see: one line that shows something and leaves the text around it alone. */
export const isName = (text: string): boolean => isLine(text) && !BIDI_CONTROL.test(text) && isVisible(text);

/** Whether a text is one emoji (one grapheme cluster that shows something), or the name of one. */
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

/** A string schema with a rule that a pattern cannot say in every language. `rule` completes "must be …". */
const refined = (is: (text: string) => boolean, rule: string, options: StringOptions): TString =>
  Type.Refine(Type.String(options), is, () => `must be ${rule}`);

/** Schema of a body. */
export const BodyText = (options: StringOptions): TString =>
  refined(isBody, "text that shows something, without control characters but tabs and line breaks", options);

/** Schema of a name that people see. */
export const NameText = (options: StringOptions): TString =>
  refined(
    isName,
    "one line of text that shows something, without control characters and bidirectional overrides",
    options,
  );

/** Schema of an id, a search or a parameter. */
export const LineText = (options: StringOptions): TString =>
  refined(isLine, "one line of text without control characters", options);

/** Schema of what Postgres can hold: for log entries, which may be older than the stricter rules. */
export const StorableText = (options: StringOptions): TString =>
  refined(isStorable, "text without NUL and unpaired surrogates", options);

/** Schema of an emoji. */
export const EmojiText = (options: StringOptions): TString =>
  refined(isEmoji, "one emoji, or the name of one", options);
