import type { Message, Pending } from "@parley/client";
import { expect, it } from "vitest";
import type { Item } from "./rows.ts";
import { around, earlier, later, messageOf, WINDOW, windowStart } from "./window.ts";

const message = (seq: number) => ({ seq, id: `m${seq}` }) as unknown as Message;
const pending = { id: "p" } as unknown as Pending;
/** Messages 10, 12, 14 … and one that is not sent yet. */
const items: Item[] = [...Array.from({ length: 2 * WINDOW }, (_, i) => message(10 + 2 * i)), pending];

it.each([
  ["the first", 10, 10],
  ["one in the middle", 310, 310],
  ["the last", 10 + 2 * (2 * WINDOW - 1), 10 + 2 * (2 * WINDOW - 1)],
  ["none between two", 11, undefined],
  ["none before the first", 9, undefined],
  ["none behind the last", 5_000, undefined],
])("finds %s message by its seq", (_what, seq, found) => {
  expect(messageOf(items, seq)?.seq).toBe(found);
});

it("shows the last messages, or those from a seq on", () => {
  expect(windowStart(items, undefined)).toBe(WINDOW + 1);
  expect(windowStart(items, 10)).toBe(0);
  expect(windowStart(items, 13)).toBe(2);
  expect(windowStart(items, 5_000)).toBe(2 * WINDOW);
  expect(windowStart([message(1)], 2)).toBe(0);
  expect(windowStart([], 1)).toBe(0);
});

it("moves by steps to either end, and around a message", () => {
  expect(earlier(items, 0)).toBeUndefined();
  expect(earlier(items, 30)).toBe(10);
  expect(later(items, WINDOW + 1)).toBeUndefined();
  expect(later(items, 0)).toBe(10 + 2 * 60);
  expect(around(items, 10)).toBe(10);
  expect(around(items, 10 + 2 * WINDOW)).toBe(10 + 2 * (WINDOW - WINDOW / 2));
});
