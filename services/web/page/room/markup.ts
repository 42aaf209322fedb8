/** A part of a message's text. */
export type Token =
  | { kind: "text" | "code" | "block" | "bold" | "italic" | "strike"; text: string }
  | { kind: "link"; text: string; href: string };

const BLOCK = /\n?```(?:[a-z]*\n)?([\s\S]+?)\n?```\n?/g;
/** One kind after another; what is between delimiters neither begins nor ends with a space. */
const INLINE =
  /`([^`\n]+)`|\*\*(\S(?:[^\n]*?\S)?)\*\*|(?<![\w*])\*(\S(?:[^*\n]*?\S)?)\*(?![\w*])|(?<!\w)_(\S(?:[^_\n]*?\S)?)_(?!\w)|~~(\S(?:[^\n]*?\S)?)~~|(https?:\/\/[^\s<>"]+)/g;
/** Ends of sentences that are no part of an address. */
const AFTER_LINK = /[.,;:!?'")\]]+$/;

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
      const href = link.replace(AFTER_LINK, "");
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
