import type { ReadMark } from "@parley/protocol/reads";
import { kindOf } from "@parley/protocol/rooms";
import { RoomError, roomNotFound } from "./rules/rights.ts";

/** Where a member's cursor is now, and whether it moved; nothing for whoever is no member. */
export type Moved = Readonly<{ room: string; userId: string; seq: number; isMoved: boolean }>;

/** Moves cursors forward, never back and never past a room's head; all in one statement. */
export type MoveCursors = (marks: readonly ReadMark[]) => Promise<readonly Moved[]>;

/** Moves one member's cursor; gives where it is now. @throws {RoomError} to whoever is no member. */
export type MarkRead = (mark: ReadMark) => Promise<number>;

/** Tells all consumers that a cursor has moved; neither throws nor waits. */
export type TellRead = (mark: ReadMark) => void;

/** Marks that go into one statement. */
const MARKS_MAX = 500;

type Asked = { mark: ReadMark; done: (seq: number) => void; fail: (error: unknown) => void };

/** Marks rooms as read: while one statement is under way, the next gathers, the furthest mark of each member only. */
export function createMarkRead(move: MoveCursors, tell: TellRead): MarkRead {
  const asked: Asked[] = [];
  let isRunning = false;
  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    while (asked.length > 0) await moveAll(asked.splice(0, MARKS_MAX), move, tell);
    isRunning = false;
  };
  return (mark) =>
    new Promise((done, fail) => {
      asked.push({ mark, done, fail });
      void run();
    });
}

async function moveAll(asked: readonly Asked[], move: MoveCursors, tell: TellRead): Promise<void> {
  const furthest = furthestOf(asked);
  try {
    const found = await move([...furthest.values()]);
    const moved = new Map(found.map((one) => [keyOf(one.room, one.userId), one]));
    for (const { mark, done, fail } of asked) {
      const now = moved.get(keyOf(mark.room, mark.user.id));
      if (now) done(now.seq);
      else fail(kindOf(mark.room) === "channel" ? notAMember() : roomNotFound());
    }
    for (const [key, { room, user }] of furthest) {
      const now = moved.get(key);
      if (now?.isMoved) tell({ room, user, seq: now.seq });
    }
  } catch (error) {
    for (const { fail } of asked) fail(error);
  }
}

function furthestOf(asked: readonly Asked[]): Map<string, ReadMark> {
  const furthest = new Map<string, ReadMark>();
  for (const { mark } of asked) {
    const key = keyOf(mark.room, mark.user.id);
    const present = furthest.get(key);
    if (!present || present.seq < mark.seq) furthest.set(key, mark);
  }
  return furthest;
}

const keyOf = (room: string, userId: string) => `${room}\0${userId}`;
const notAMember = () => new RoomError("not_a_member", "join the channel first");
