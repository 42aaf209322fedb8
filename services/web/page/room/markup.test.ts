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
  [
    "**A** or **B** and ~~x~~ keep ~~y~~",
    [
      { kind: "bold", text: "A" },
      { kind: "text", text: " or " },
      { kind: "bold", text: "B" },
      { kind: "text", text: " and " },
      { kind: "strike", text: "x" },
      { kind: "text", text: " keep " },
      { kind: "strike", text: "y" },
    ],
  ],
  ["**2 * 3 ~ 6**", [{ kind: "bold", text: "2 * 3 ~ 6" }]],
  ["** no ** ~~ no ~~", [{ kind: "text", text: "** no ** ~~ no ~~" }]],
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

test.each([
  ["https://en.wikipedia.org/wiki/Foo_(bar)", ""],
  ["https://en.wikipedia.org/wiki/Foo_(bar)", ")."],
  ["http://[::1]", "]"],
  ["https://a.example/b", "))?"],
])("a bracket belongs to the address that opened it: %s, then %s", (href, after) => {
  const end = after === "" ? [] : [{ kind: "text", text: after }];
  expect(tokensOf(href + after)).toEqual([{ kind: "link", text: href, href }, ...end]);
});

// A hundred times the longest message: work that grew with the square of the length would not end within the test.
test.each(["*", "**a ", "~~a ", "~", "_a ", "*a ", "`a\n", "[(https://"])(
  "the work grows with the length only: %s…",
  (part) => {
    const text = part.repeat(400_000 / part.length);
    expect(
      tokensOf(text)
        .map((token) => token.text)
        .join(""),
    ).toBe(text);
  },
);

test("the end of a long address costs no more", () => {
  const href = `https://a.example/${".".repeat(400_000)}x`;
  expect(tokensOf(href + ")".repeat(400_000))[0]).toEqual({ kind: "link", text: href, href });
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
