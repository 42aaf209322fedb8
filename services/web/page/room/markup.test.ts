import { expect, test } from "vitest";
import { isEmoji, tokensOf } from "./markup.ts";

test.each([
  ["plain", [{ kind: "text", text: "plain" }]],
  [
    "a **b** c",
    [
      { kind: "text", text: "a " },
      { kind: "bold", text: "b" },
      { kind: "text", text: " c" },
    ],
  ],
  [
    "*i* _j_",
    [
      { kind: "italic", text: "i" },
      { kind: "text", text: " " },
      { kind: "italic", text: "j" },
    ],
  ],
  ["2 * 3 * 4", [{ kind: "text", text: "2 * 3 * 4" }]],
  ["snake_case_name", [{ kind: "text", text: "snake_case_name" }]],
  ["`**x**`", [{ kind: "code", text: "**x**" }]],
  ["```js\nlet a;\n```", [{ kind: "block", text: "let a;" }]],
  ["~~no~~", [{ kind: "strike", text: "no" }]],
])("%s", (text, tokens) => {
  expect(tokensOf(text)).toEqual(tokens);
});

test("an address ends before the punctuation of its sentence", () => {
  expect(tokensOf("see https://a.example/b?c=d#e.")).toEqual([
    { kind: "text", text: "see " },
    { kind: "link", text: "https://a.example/b?c=d#e", href: "https://a.example/b?c=d#e" },
    { kind: "text", text: "." },
  ]);
});

test("no other scheme becomes a link", () => {
  expect(tokensOf("javascript:alert(1) data:text/html,x")).toEqual([
    { kind: "text", text: "javascript:alert(1) data:text/html,x" },
  ]);
});

test("up to three emoji alone are shown large", () => {
  expect(["👍", "👩‍👩‍👧 🎉", "12", "ok 👍", "👍👍👍👍"].map(isEmoji)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
