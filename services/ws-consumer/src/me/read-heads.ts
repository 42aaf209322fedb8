import { userOfMe } from "@parley/protocol/me";

type ReadHeads = (rooms: readonly string[]) => Promise<ReadonlyMap<string, number>>;

/** Joins the heads of rooms and of the users' own rooms, each read by one statement if there are any. */
export function createReadHeads(ofRooms: ReadHeads, ofOwnRooms: ReadHeads): ReadHeads {
  return async (rooms) => {
    const own = rooms.filter((room) => userOfMe(room) !== undefined);
    if (own.length === 0) return ofRooms(rooms);
    const others = rooms.filter((room) => userOfMe(room) === undefined);
    const heads = await Promise.all([
      ofOwnRooms(own),
      others.length > 0 ? ofRooms(others) : new Map<string, number>(),
    ]);
    return new Map(heads.flatMap((some) => [...some]));
  };
}

type ReadFrames = (room: string, after: number, upTo: number) => Promise<readonly string[]>;

/** Reads stored frames with `after` < seq ≤ `upTo`, of a room or of a user's own. */
export function createReadFrames(ofRooms: ReadFrames, ofOwnRooms: ReadFrames): ReadFrames {
  return (room, after, upTo) => {
    const userId = userOfMe(room);
    return userId === undefined ? ofRooms(room, after, upTo) : ofOwnRooms(userId, after, upTo);
  };
}
