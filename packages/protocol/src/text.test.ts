import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldEmoji, isBody, isEmoji, isLine, isName, isStorable, isTime, isVisible } from "./text.ts";

const NUL = "\0";
const LONE = "\uD83D";
const OVERRIDE = "\u202E";

describe("text", () => {
  it.each([
    ["white space", " \t\n"],
    ["no-break and ideographic space", "\u00A0\u3000"],
    ["zero-width space", "\u200B"],
    ["zero-width joiner and byte order mark", "\u200D\uFEFF"],
    ["Hangul filler", "\u3164"],
    ["half-width Hangul filler", "\uFFA0"],
    ["right-to-left override", OVERRIDE],
    ["soft hyphen", "\u00AD"],
    ["variation selector", "\uFE0F"],
    ["tags", "\u{E0041}\u{E007F}"],
    ["braille blank", "\u2800"],
    ["line separator", "\u2028"],
    ["nothing", ""],
  ])("that is only %s shows nothing", (_what, text) => {
    expect(isVisible(text)).toBe(false);
    expect([isBody(text), isName(text), isEmoji(text)]).toEqual([false, false, false]);
  });

  it.each(["a", "0", "-", "中", "ไ", "🎉", "\u0301", "\uFFFD", "\u{F0000}"])("%j shows something", (text) => {
    expect(isVisible(text)).toBe(true);
    expect(isVisible(`\u200B${text}\u3164`)).toBe(true);
  });

  it("of a body may have lines and tabs, and no other control character", () => {
    expect(isBody("two\nlines\tand\r\nmore")).toBe(true);
    expect(isBody(`שלום ${OVERRIDE}abc`)).toBe(true);
    for (const bad of [NUL, LONE, "\r", "\x1B[31m", "\x7F", "\x85", "\x9B", "\v"])
      expect(isBody(`text ${bad} text`), JSON.stringify(bad)).toBe(false);
  });

  it("of a name is one line without bidirectional overrides", () => {
    expect(isName("Zoë 🎉 שלום ไทย")).toBe(true);
    for (const bad of [NUL, LONE, "\n", "\t", "\x85", "\u2028", "\u2029", OVERRIDE, "\u2066"])
      expect(isName(`a ${bad} b`), JSON.stringify(bad)).toBe(false);
  });

  it("of an id or a search is one line, which need not show anything", () => {
    expect(isLine(" ")).toBe(true);
    for (const bad of [NUL, LONE, "\n", "\x1B", "\u2028"]) expect(isLine(`a${bad}`)).toBe(false);
  });

  it("is storable exactly if UTF-8 carries it and it has no NUL", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const survives = Buffer.from(text).toString() === text && !text.includes(NUL);
        expect(isStorable(text)).toBe(survives);
        if (isBody(text) || isName(text) || isLine(text)) expect(isStorable(text)).toBe(true);
      }),
    );
  });
});

describe("emoji", () => {
  it.each(["👍", "❤️", "❤", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇹🇭", "1️⃣", "👍🏽", "thumbsup", ":+1:", "é"])(
    "%s is one",
    (emoji) => {
      expect(isEmoji(emoji)).toBe(true);
      expect(isEmoji(foldEmoji(emoji))).toBe(true);
    },
  );

  it.each(["👍👍", "👍 ", "é é", "👍\n", "\u200D", "\uFE0F", NUL, LONE, "Great Job"])(
    "%j is none",
    (text) => {
      expect(isEmoji(text)).toBe(false);
    },
  );

  it("that differ in a variation selector are one", () => {
    expect(foldEmoji("❤️")).toBe(foldEmoji("❤"));
    expect(foldEmoji("❤\uFE0E")).toBe(foldEmoji("❤"));
    expect(foldEmoji("👍")).toBe("👍");
  });
});

describe("a time", () => {
  it("is what toISOString writes, in years that Postgres holds too", () => {
    expect(isTime(new Date(0).toISOString())).toBe(true);
    expect(isTime("2028-02-29T23:59:59.999Z")).toBe(true);
    for (const bad of [
      "+275760-09-13T00:00:00.000Z",
      "-000001-01-01T00:00:00.000Z",
      "2026-13-01T00:00:00.000Z",
      "2026-01-01",
      "2026-01-01T00:00:00.000+02:00",
      "now",
      "",
    ])
      expect(isTime(bad), bad).toBe(false);
  });
});
