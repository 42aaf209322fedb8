import { expect, it } from "vitest";
import { triggerAt } from "./trigger.ts";

const at = (text: string) => {
  const { sign, query, start } = triggerAt(text, text.length) ?? {};
  return sign && [sign, query, start];
};

it("finds a name or an emoji that is being written before the caret", () => {
  expect(at("@")).toEqual(["@", "", 0]);
  expect(at("Ask (@ann.b")).toEqual(["@", "ann.b", 5]);
  expect(at("Ja, @jürgen")).toEqual(["@", "jürgen", 4]);
  expect(at("Well done :tad")).toEqual([":", "tad", 10]);
  expect(at(":+1")).toEqual([":", "+1", 0]);
  expect(triggerAt("@an and more", 3)).toEqual({ sign: "@", query: "an", start: 0 });
});

it("leaves addresses, times and smileys alone", () => {
  for (const text of ["a@b", "10:30", ":)", ":D", "http://x", "@ann is", "say: yes", ":a"])
    expect(at(text)).toBeUndefined();
});
