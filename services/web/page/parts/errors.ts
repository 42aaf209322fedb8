import { ParleyError } from "@parley/client";
import { text } from "../text/en.ts";

/** What an error means, for people; the server's own words where the page has none. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ParleyError)) return String(error);
  return text.errors[error.code + error.path] ?? text.errors[error.code] ?? error.message;
}

/** The same as a sentence of its own. */
export function sentenceOf(error: unknown): string {
  const reason = reasonOf(error).replace(/^body\/\w+ /, "");
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}
