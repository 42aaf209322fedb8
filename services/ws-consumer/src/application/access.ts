import { Refusal } from "@parley/protocol/codes";
import { kindOf } from "@parley/protocol/rooms";
import { RIGHTS, type Standing } from "../domain/rights.ts";
import type { CheckReadable } from "./read-history.ts";

/** What a user is in a room that is there. */
export type FoundStanding = Readonly<{ room: string; standing: Standing; isGone: boolean }>;
/** What a user is in each of these rooms; rooms that are not there are left out. */
export type ReadStandings = (userId: string, rooms: readonly string[]) => Promise<readonly FoundStanding[]>;
/** Which of these rooms a user may read. */
export type FindReadable = (userId: string, rooms: readonly string[]) => Promise<ReadonlySet<string>>;

/** Which of these users may read a room. */
export type WhoMayRead = (room: string, userIds: readonly string[]) => Promise<ReadonlySet<string>>;

/** Rooms that are asked about in one statement. */
const ROOMS_MAX = 1_000;

/**
 * Who may read which room. A channel that nobody has posted to yet is there already where channels are made by their
 * first message.
 */
export function createFindReadable(readStandings: ReadStandings, isAutoCreated: boolean): FindReadable {
  return async (userId, rooms) => {
    const found = new Map((await readStandings(userId, rooms)).map((one) => [one.room, one]));
    const isReadable = (room: string) => {
      const kind = kindOf(room);
      const here = found.get(room);
      if (!here) return kind === "channel" && isAutoCreated;
      return !here.isGone && RIGHTS[kind][here.standing].includes("read");
    };
    return new Set(rooms.filter(isReadable));
  };
}

/** The same for one room at a time; those that one user asks for in one turn are looked up together. */
export function createAccess(findReadable: FindReadable): CheckReadable {
  const asking = new Map<string, { rooms: string[]; answer: Promise<ReadonlySet<string>> }>();
  const ask = (userId: string, room: string) => {
    let batch = asking.get(userId);
    if (!batch || batch.rooms.length >= ROOMS_MAX) {
      const rooms: string[] = [];
      const answer = Promise.resolve().then(() => {
        if (asking.get(userId)?.rooms === rooms) asking.delete(userId);
        return findReadable(userId, rooms);
      });
      batch = { rooms, answer };
      asking.set(userId, batch);
    }
    batch.rooms.push(room);
    return batch.answer;
  };
  return async (userId, room) => {
    if ((await ask(userId, room)).has(room)) return;
    throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
  };
}
