import type { Message, RoomSummary } from "@parley/client";
import { expect, test } from "vitest";
import { applyEvent, applyRead, inOrder } from "./summary.ts";

const at = (minute: number) => `2026-01-05T12:${String(minute).padStart(2, "0")}:00Z`;
const room: RoomSummary = {
  id: "general",
  kind: "channel",
  title: null,
  role: "member",
  head: 4,
  createdBy: null,
  createdAt: at(0),
  activeAt: at(4),
  lastMessage: null,
  readSeq: 4,
  unread: 0,
  isMuted: false,
  isPinned: false,
  with: null,
};
const base = { room: "general", author: { id: "bob", username: "bob" }, at: at(5) };
const message: Message = { ...base, type: "message", seq: 5, id: "m5", body: "Hi" };

test("a message of somebody else is unread and the last line, once", () => {
  const after = applyEvent(room, message, "me");
  expect([after.unread, after.head, after.lastMessage?.body, after.activeAt]).toEqual([1, 5, "Hi", at(5)]);
  expect(applyEvent(after, message, "me")).toBe(after);
  expect(applyEvent(room, message, "bob").unread).toBe(0);
});

test("the last line follows edits and deletions", () => {
  const before = applyEvent(room, message, "me");
  const edited = applyEvent(
    before,
    { ...base, type: "message_edited", seq: 6, id: "e", target: 5, body: "Hello" },
    "me",
  );
  expect(edited.lastMessage?.body).toBe("Hello");
  const deleted = applyEvent(edited, { ...base, type: "message_deleted", seq: 7, id: "d", target: 5 }, "me");
  expect([deleted.lastMessage?.body, deleted.lastMessage?.deletedAt]).toEqual(["", at(5)]);
});

test("W3 read to the end is 0, also if the last entry is a reaction", () => {
  const reaction = {
    ...base,
    type: "reaction",
    seq: 6,
    id: "r",
    target: 5,
    emoji: "👍",
    remove: false,
  } as const;
  const after = applyEvent(applyEvent(room, message, "me"), reaction, "me");
  expect([after.unread, after.head]).toEqual([1, 6]);
  expect(applyRead(after, 6).unread).toBe(0);
  expect(applyRead(after, 5).unread).toBe(0);
});

test("pinned rooms are first, then the newest", () => {
  const ids = inOrder([
    { ...room, id: "old", activeAt: at(1) },
    { ...room, id: "new", activeAt: at(9) },
    { ...room, id: "pinned", activeAt: at(0), isPinned: true },
  ]).map(({ id }) => id);
  expect(ids).toEqual(["pinned", "new", "old"]);
});
