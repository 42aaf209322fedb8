import { expect, test } from "vitest";
import { Composition } from "./composition.ts";

const enter = { isComposing: false, keyCode: 13 };

test("W5 Enter during a composition, or up to 30 ms after it, is the input method's", () => {
  const composition = new Composition();
  expect(composition.owns(enter, 0)).toBe(false);
  composition.start();
  expect(composition.owns(enter, 10)).toBe(true);
  composition.end(100);
  expect(composition.owns(enter, 130)).toBe(true);
  expect(composition.owns(enter, 131)).toBe(false);
  expect(composition.owns({ isComposing: true, keyCode: 13 }, 500)).toBe(true);
  expect(composition.owns({ isComposing: false, keyCode: 229 }, 500)).toBe(true);
});
