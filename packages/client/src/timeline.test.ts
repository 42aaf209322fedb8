import { expect, it } from "vitest";
import type { Message, RoomEvent } from "./frames.ts";
import { type Action, EMPTY, reduce, type TimelineState } from "./timeline.ts";

const alice = { id: "a", username: "alice" };
const base = (seq: number, author = alice) => ({ room: "r", seq, id: `id${seq}`, author, at: `t${seq}` });
const message = (seq: number, more: Partial<Message> = {}): Message => ({
  type: "message",
  ...base(seq),
  body: `text ${seq}`,
  ...more,
});
const event = (one: RoomEvent): Action => ({ type: "event", event: one, me: "a" });
const run = (...actions: Action[]): TimelineState => actions.reduce(reduce, EMPTY);
const newest = (...messages: Message[]): Action => ({
  type: "page",
  isNext: false,
  page: { messages, head: messages.at(-1)?.seq ?? 0 },
  hasOlder: false,
  hasNewer: false,
});
const bodies = (state: TimelineState) => state.items.map((one) => one.message.body);

it("adds messages in order and changes nothing twice", () => {
  const state = run(newest(message(1)), event(message(2)), event(message(2)));
  expect(bodies(state)).toEqual(["text 1", "text 2"]);
  expect(state.head).toBe(2);
});

it("does not change the state it was given", () => {
  const before = run(newest(message(1)));
  const copy = structuredClone(before);
  reduce(before, event({ type: "message_edited", ...base(2), target: 1, body: "new" }));
  expect(before).toEqual(copy);
});

it("edits, deletes and counts replies, and a page that has the change already is not changed again", () => {
  const edit: RoomEvent = { type: "message_edited", ...base(2), target: 1, body: "new" };
  const state = run(newest(message(1)), event(edit), event(message(3, { replyTo: 1 })));
  expect(state.items[0]?.message).toMatchObject({ body: "new", editedAt: "t2", replies: 1 });
  const gone = reduce(state, event({ type: "message_deleted", ...base(4), target: 1 }));
  expect(gone.items[0]?.message).toMatchObject({ body: "", deletedAt: "t4" });
  const page: Action = {
    type: "page",
    isNext: false,
    page: { messages: [message(1, { reactions: [{ emoji: "x", count: 1, mine: true }] })], head: 5 },
    hasOlder: false,
    hasNewer: false,
  };
  const again = reduce(
    reduce(EMPTY, page),
    event({ type: "reaction", ...base(5), target: 1, emoji: "x", remove: false }),
  );
  expect(again.items[0]?.message.reactions).toEqual([{ emoji: "x", count: 1, mine: true }]);
});

it("counts reactions of others and its own once", () => {
  const react = (seq: number, id: string, remove = false): Action =>
    event({ type: "reaction", ...base(seq, { id, username: id }), target: 1, emoji: "x", remove });
  const state = run(newest(message(1)), react(2, "b"), react(3, "a"), react(4, "a"), react(5, "b", true));
  expect(state.items[0]?.message.reactions).toEqual([{ emoji: "x", count: 1, mine: true }]);
  expect(reduce(state, react(6, "a", true)).items[0]?.message.reactions).toEqual([]);
});

it("drops all on a gap, pages to both sides, and does not show live messages away from the end", () => {
  const gap = run(newest(message(1), message(2)), { type: "gap", to: 90 });
  expect([gap.items.length, gap.completeFrom, gap.head, gap.hasOlder]).toEqual([0, 91, 90, true]);
  const away = run(
    {
      type: "page",
      isNext: false,
      page: { messages: [message(5)], head: 9 },
      hasOlder: true,
      hasNewer: true,
    },
    event(message(10)),
  );
  expect(bodies(away)).toEqual(["text 5"]);
  const older = reduce(away, {
    type: "page",
    isNext: true,
    page: { messages: [message(4), message(5)], head: 10 },
    hasOlder: false,
    hasNewer: true,
  });
  expect(bodies(older)).toEqual(["text 4", "text 5"]);
  expect(older.completeFrom).toBe(1);
  const page = { messages: [message(9), message(10)], head: 10 };
  expect(
    bodies(reduce(older, { type: "page", isNext: true, page, hasOlder: false, hasNewer: false })),
  ).toHaveLength(4);
});

it("forgets the oldest", () => {
  const state = run(newest(message(1), message(2), message(3)), { type: "trim", keep: 1 });
  expect([bodies(state), state.completeFrom, state.hasOlder]).toEqual([["text 3"], 3, true]);
});
