import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileQuery } from "./query.ts";
import { tokensOf } from "./tokens.ts";

describe("tokens", () => {
  it.each([
    ["www.google.co.uk/qwerty4", ["www", "google", "co", "uk", "qwerty4"]],
    ["PLT-3699", ["plt", "3699"]],
    ["report.pdf", ["report", "pdf"]],
    ["alice@example.com, 1,234.5 snake_case", ["alice", "example", "com", "1", "234", "5", "snake", "case"]],
    ["STRASSE straße", ["strasse", "strasse"]],
    ["ΟΔΟΣ οδός", ["οδος", "οδός"]],
    ["ＦＵＬＬ ｗｉｄｔｈ ﬁne", ["full", "width", "fine"]],
    ["don’t", ["don", "t"]],
    ["🎉 ok 👍🏽", ["e1f389", "ok", "e1f44d"]],
    ["中文", ["u04e2d06587", "u06587"]],
    ["-- ... !? «»", []],
    ["हिन्दी", ["हिन्दी"]],
  ])("of %s are %j", (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  it("are the same for composed and decomposed text", () => {
    for (const text of ["Zoë café", "한국어", "がぎぐ", "ไทย"])
      expect(tokensOf(text.normalize("NFD"))).toEqual(tokensOf(text.normalize("NFC")));
  });

  it("consist of letters and digits, at most 64, and of nothing else, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        for (const token of tokensOf(text)) expect(token).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}]{0,63}$/u);
      }),
    );
    expect(tokensOf("x".repeat(150))).toEqual(["x".repeat(64), "x".repeat(64), "x".repeat(22)]);
  });
});

describe("a query", () => {
  it.each([
    ["two words", "('two') & ('words')"],
    ["report.pdf -draft", "('report' <-> 'pdf') & !('draft')"],
    ['"quoted words" other', "('quoted' <-> 'words') & ('other')"],
    ["a b or c", "('a') & ('b') | ('c')"],
    ['-"not these" but', "!('not' <-> 'these') & ('but')"],
    ["--force", "('force')"],
    ['"open', "('open')"],
    ["中文測試", "('u04e2d06587' <-> 'u0658706e2c' <-> 'u06e2c08a66')"],
    ["中", "('u04e2d':*)"],
    ["文PLT", "('u06587' <-> 'plt')"],
    ["a or -b", "('a')"],
    ["or a or", "('a')"],
  ])("%s is %s", (query, compiled) => {
    expect(compileQuery(query)).toBe(compiled);
  });

  it.each(["", " ", "--", "-", "!", "-word", '""', "or", "-a or -b", "... -x"])(
    "%j asks for nothing that a message must have, so it finds nothing",
    (query) => {
      expect(compileQuery(query)).toBeUndefined();
    },
  );
});
