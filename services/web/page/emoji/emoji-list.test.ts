import { expect, it } from "vitest";
import { findEmoji, nameFor } from "./emoji-list.ts";

const first = (query: string): string | undefined => findEmoji(query)[0]?.emoji;

it("finds emoji by their name, by short names of others, and by several words", () => {
  expect(["thumbs_up", "+1", "tada", "thumbs up", "Rocket", "red heart"].map(first)).toEqual([
    "👍",
    "👍",
    "🎉",
    "👍",
    "🚀",
    "❤️",
  ]);
  expect(["heart", "party", "ok", "fire"].map(first)).toEqual(["❤️", "🎉", "👌", "🔥"]);
  expect(findEmoji("no such emoji")).toEqual([]);
  expect(findEmoji(" ").length).toBeGreaterThan(1_800);
});

it("tells which word was meant", () => {
  const [emoji] = findEmoji("tad");
  expect(emoji && nameFor(emoji, "tad")).toBe("tada");
  expect(emoji && nameFor(emoji, "nothing")).toBe("party_popper");
});
