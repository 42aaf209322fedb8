import type { ComponentChildren } from "preact";
import { isEmoji, type Token, tokensOf } from "./markup.ts";

function TokenView({ token }: { token: Token }) {
  switch (token.kind) {
    case "text":
      return <>{token.text}</>;
    case "code":
      return <code>{token.text}</code>;
    case "block":
      return <pre>{token.text}</pre>;
    case "bold":
      return <strong>{token.text}</strong>;
    case "italic":
      return <em>{token.text}</em>;
    case "strike":
      return <s>{token.text}</s>;
    case "link":
      return (
        <a href={token.href} target="_blank" rel="noopener noreferrer">
          {token.text}
        </a>
      );
  }
}

/** A message's text; children come after it. */
export function MarkupView({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <div class={isEmoji(text) ? "body is-emoji" : "body"} dir="auto">
      {tokensOf(text).map((token, i) => (
        <TokenView key={i} token={token} />
      ))}
      {children}
    </div>
  );
}
