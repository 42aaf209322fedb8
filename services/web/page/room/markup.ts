/** A part of a message's text. */
export type Token =
  | { kind: "text" | "code" | "block" | "bold" | "italic" | "strike"; text: string }
  | { kind: "link"; text: string; href: string };

const BLOCK = /\n?```(?:[a-z]*\n)?([\s\S]+?)\n?```\n?/g;
/**
 * One kind after another; what is between delimiters neither begins nor ends with a space, and ends before the next
 * delimiter: so no place looks further than that, and the work grows with the length only.
 */
const INLINE =
  /`([^`\n]+)`|\*\*(?!\s)((?:(?!\*\*)[^\n])+)(?<!\s)\*\*|(?<![\w*])\*([^\s*](?:[^*\n]*?[^\s*])?)\*(?![\w*])|(?<!\w)_(\S(?:[^_\n]*?\S)?)_(?!\w)|~~(?!\s)((?:(?!~~)[^\n])+)(?<!\s)~~|(https?:\/\/[^\s<>"]+)/g;
/** Ends of sentences that are no part of an address. */
const AFTER_LINK = ".,;:!?'\"";

const countOf = (text: string, part: string): number => text.split(part).length - 1;

/** An address without the end of its sentence; a bracket that was opened in the address belongs to it. */
function addressOf(found: string): string {
  const unopened: Record<string, number> = {
    ")": countOf(found, ")") - countOf(found, "("),
    "]": countOf(found, "]") - countOf(found, "["),
  };
  let end = found.length;
  for (; end > 0; end -= 1) {
    const last = found.charAt(end - 1);
    const left = unopened[last];
    if (left === undefined ? !AFTER_LINK.includes(last) : left <= 0) break;
    if (left !== undefined) unopened[last] = left - 1;
  }
  return found.slice(0, end);
}

function inlineTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, bold, star, line, strike, link] = found;
    if (found.index > end) tokens.push({ kind: "text", text: text.slice(end, found.index) });
    end = found.index + whole.length;
    const italic = star ?? line;
    if (code !== undefined) tokens.push({ kind: "code", text: code });
    else if (bold !== undefined) tokens.push({ kind: "bold", text: bold });
    else if (italic !== undefined) tokens.push({ kind: "italic", text: italic });
    else if (strike !== undefined) tokens.push({ kind: "strike", text: strike });
    else if (link !== undefined) {
      const href = addressOf(link);
      end -= link.length - href.length;
      tokens.push({ kind: "link", text: href, href });
    }
  }
  if (end < text.length) tokens.push({ kind: "text", text: text.slice(end) });
  return tokens;
}

/** Splits a message's text into what is shown differently: code, bold, italic, struck, addresses. No HTML. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const found of text.matchAll(BLOCK)) {
    tokens.push(...inlineTokens(text.slice(end, found.index)));
    tokens.push({ kind: "block", text: found[1] ?? "" });
    end = found.index + found[0].length;
  }
  return [...tokens, ...inlineTokens(text.slice(end))];
}

/** A text in one line, without the marks of its markup. */
export const plainText = (text: string): string =>
  tokensOf(text)
    .map(({ kind, text: part }) => (kind === "block" ? ` ${part} ` : part))
    .join("")
    .replace(/\s+/g, " ");

/** Whether a text is nothing but up to three emoji. */
export const isEmoji = (text: string): boolean =>
  text.length < 40 && /^(?:\p{RGI_Emoji}\s*){1,3}$/v.test(text);
