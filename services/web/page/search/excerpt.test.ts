import { expect, it } from "vitest";
import { excerptOf, termsOf } from "./excerpt.ts";

const shown = (body: string, query: string): string =>
  excerptOf(body, query)
    .map(({ text, isHit }) => (isHit ? `[${text}]` : text))
    .join("");

it.each([
  ["release notes", ["release", "notes"]],
  ['"release notes" draft', ["release notes", "draft"]],
  ["notes -draft", ["notes"]],
  ["a or b", ["a", "b"]],
  ['"open', ["open"]],
  ["  ", []],
])("takes the terms of %j", (query, terms) => {
  expect(termsOf(query)).toEqual(terms);
});

it.each([
  ["The Release notes", "release", "The [Release] notes"],
  ["notes and notebooks", "note", "[note]s and [note]books"],
  ["a footnote and a note", "note", "a footnote and a [note]"],
  ["**bold** and `code`", "bold", "[bold] and code"],
  ["two\nlines", "lines", "two [lines]"],
  ["nothing here", "else", "nothing here"],
  ["note notes", 'note "notes"', "[note] [notes]"],
  ["", "x", ""],
])("marks in %j what %j has found", (body, query, text) => {
  expect(shown(body, query)).toBe(text);
});

it("begins near the first hit, and ends", () => {
  const text = shown(`${"word ".repeat(60)}needle ${"word ".repeat(60)}`, "needle");
  expect(text).toMatch(/^…word .*\[needle\] .*…$/);
  expect(text.length).toBeLessThan(250);
});
