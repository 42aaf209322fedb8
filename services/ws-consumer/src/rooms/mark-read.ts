import type { UserEvent } from "@parley/protocol/me";
import type { ReadMark } from "@parley/protocol/reads";
import { kindOf } from "@parley/protocol/rooms";
import { RoomError, roomNotFound } from "./rules/rights.ts";

/** A member's read cursor after a move, and whether it moved. */
export type MovedCursor = Readonly<{ room: string; userId: string; seq: number; isMoved: boolean }>;

/**
 * Moves read cursors forward in one statement, never back and never past a room's head. Leaves out users who are no
 * members. `noted` are the events of users that were stored with them.
 */
export type MoveCursors = (
  marks: readonly ReadMark[],
) => Promise<Readonly<{ cursors: readonly MovedCursor[]; noted: readonly UserEvent[] }>>;

/** Moves one member's read cursor; resolves with its seq. @throws {RoomError} if the user is no member */
export type MarkRead = (mark: ReadMark) => Promise<number>;

/** Announces a moved read cursor to all instances; neither throws nor waits. */
export type PublishRead = (mark: ReadMark) => void;

/** Announces events of users to all instances; neither throws nor waits. */
type PublishNoted = (events: readonly UserEvent[]) => void;

/** Marks per statement. */
const MARKS_MAX = 500;

type PendingMark = { mark: ReadMark; resolve: (seq: number) => void; reject: (error: unknown) => void };

/**
 * Creates the use case. While a statement is under way the next marks gather; of each member only the furthest is sent.
 */
export function createMarkRead(
  move: MoveCursors,
  publish: PublishRead,
  publishNoted: PublishNoted,
): MarkRead {
  const pending: PendingMark[] = [];
  let isRunning = false;
  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    while (pending.length > 0) publishNoted(await moveAll(pending.splice(0, MARKS_MAX), move, publish));
    isRunning = false;
  };
  return (mark) =>
    new Promise((resolve, reject) => {
      pending.push({ mark, resolve, reject });
      void run();
    });
}

async function moveAll(
  pending: readonly PendingMark[],
  move: MoveCursors,
  publish: PublishRead,
): Promise<readonly UserEvent[]> {
  const furthest = furthestOf(pending);
  try {
    const { cursors, noted } = await move([...furthest.values()]);
    const moved = new Map(cursors.map((one) => [keyOf(one.room, one.userId), one]));
    for (const { mark, resolve, reject } of pending) {
      const cursor = moved.get(keyOf(mark.room, mark.user.id));
      if (cursor) resolve(cursor.seq);
      else reject(kindOf(mark.room) === "channel" ? notAMember() : roomNotFound());
    }
    for (const [key, { room, user }] of furthest) {
      const cursor = moved.get(key);
      if (cursor?.isMoved) publish({ room, user, seq: cursor.seq });
    }
    return noted;
  } catch (error) {
    for (const { reject } of pending) reject(error);
    return [];
  }
}

function furthestOf(pending: readonly PendingMark[]): Map<string, ReadMark> {
  const furthest = new Map<string, ReadMark>();
  for (const { mark } of pending) {
    const key = keyOf(mark.room, mark.user.id);
    const present = furthest.get(key);
    if (!present || present.seq < mark.seq) furthest.set(key, mark);
  }
  return furthest;
}

const keyOf = (room: string, userId: string) => `${room}\0${userId}`;
const notAMember = () => new RoomError("not_a_member", "join the channel first");
