/** Everything that happened in a room after a seq, in order: messages, edits, deletions, reactions, members. */
type EntryPage = Readonly<{
  /** Frames as they are sent to sockets, JSON. */
  frames: readonly string[];
  /** The newest seq of the room. */
  head: number;
  /** The lowest seq that there is; a page that would start below starts here. */
  floor: number;
  /** `after` of the next page; null once the head is reached. */
  next: number | null;
}>;

/** Reads a page of a room's entries. */
export type ReadEntries = (room: string, after: number, limit: number) => Promise<EntryPage>;

/** Nothing is ever removed from a room's history, so it starts with its first entry. */
const FLOOR = 1;

export function createReadEntries(
  headsOf: (rooms: readonly string[]) => Promise<ReadonlyMap<string, number>>,
  readFrames: (room: string, after: number, upTo: number) => Promise<readonly string[]>,
): ReadEntries {
  return async (room, after, limit) => {
    const head = (await headsOf([room])).get(room) ?? 0;
    const upTo = Math.min(head, after + limit);
    const frames = after < upTo ? await readFrames(room, after, upTo) : [];
    return { frames, head, floor: FLOOR, next: upTo < head ? upTo : null };
  };
}
