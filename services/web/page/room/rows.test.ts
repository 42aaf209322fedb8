import type { Message, Pending } from "@parley/client";
import { expect, test } from "vitest";
import { rowsOf } from "./rows.ts";
import { around, earlier, later, windowStart } from "./window.ts";

const said = (seq: number, who: string, minute: number, more: Partial<Message> = {}): Message => ({
  type: "message",
  room: "general",
  seq,
  id: `m${seq}`,
  author: { id: who, username: who },
  body: "",
  at: new Date(2026, 0, 5, 12, minute).toISOString(),
  ...more,
});
const kinds = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => ("isFirst" in row && row.isFirst ? `${row.kind}!` : row.kind));

test("one author within five minutes is a group; a pause, a reply and somebody else begin another", () => {
  const items = [
    said(1, "a", 0),
    said(2, "a", 5),
    said(3, "a", 11),
    said(4, "b", 11),
    said(5, "b", 12, { replyTo: 1 }),
  ];
  expect(kinds(rowsOf(items, "me", undefined, true))).toEqual([
    "day",
    "message!",
    "message",
    "message!",
    "message!",
    "message!",
  ]);
});

test("a day begins with its name", () => {
  const items = [said(1, "a", 0), said(2, "a", 24 * 60)];
  expect(kinds(rowsOf(items, "me", undefined, true))).toEqual(["day", "message!", "day", "message!"]);
});

test("the unread line is before the first message of somebody else behind what was read", () => {
  const items = [said(1, "a", 0), said(2, "me", 1), said(3, "a", 2), said(4, "a", 3)];
  expect(kinds(rowsOf(items, "me", 1, true))).toEqual([
    "day",
    "message!",
    "message!",
    "unread",
    "message!",
    "message",
  ]);
  expect(kinds(rowsOf(items, "me", 4, true))).not.toContain("unread");
  expect(kinds(rowsOf(items.slice(2), "me", 1, false))).not.toContain("unread");
});

test("a message that was sent keeps its key when it comes back", () => {
  const pending = { id: "m2", room: "general", body: "" } as Pending;
  const before = rowsOf([said(1, "a", 0), pending], "me", undefined, true);
  const after = rowsOf([said(1, "a", 0), said(2, "me", 0)], "me", undefined, true);
  expect(before.at(-1)?.key).toBe(after.at(-1)?.key);
});

test("the window follows the end, moves by steps, and centres a message", () => {
  const items = Array.from({ length: 1_000 }, (_, i) => said(i + 1, "a", i));
  expect(windowStart(items, undefined)).toBe(700);
  expect(earlier(items, 700)).toBe(641);
  expect(later(items, 600)).toBe(661);
  expect(later(items, 700)).toBeUndefined();
  expect(earlier(items, 0)).toBeUndefined();
  expect(windowStart(items, around(items, 500))).toBe(349);
});
