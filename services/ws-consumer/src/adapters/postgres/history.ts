import type { MessageFrame } from "@parley/protocol/server-frames";
import type { Database } from "@parley/runtime/postgres";

/** Which part of a room's history is wanted; without a word the newest. */
export type PageQuery = Readonly<{ limit: number; after?: number; before?: number; around?: number }>;

/** What members may read of the rooms. Everything it gives is committed; a room's entries come in order of `seq`. */
export interface History {
  /** The newest seq of each room; a room that is not there yet is left out. */
  heads(rooms: readonly string[]): Promise<Map<string, number>>;
  /** One page in ascending order; with `around` the half before it, the entry itself, and the half after it. */
  page(room: string, query: PageQuery): Promise<MessageFrame[]>;
  /** Frames with `after` < seq ≤ `upTo`, the oldest first, at most `limit`; without a hole. */
  replay(room: string, after: number, upTo: number, limit: number): Promise<string[]>;
  /** The seq under which this message is stored; null if it is not. */
  findStored(room: string, userId: string, id: string): Promise<number | null>;
}

type Row = {
  room: string;
  seq: number;
  type: "message";
  id: string;
  authorId: string;
  authorUsername: string;
  body: string;
  at: Date;
  replyTo: number | null;
};

const ENTRIES = `
select room, seq, type, client_id as id, author_id as "authorId", author_username as "authorUsername", body, at,
  reply_to as "replyTo"
from chat.entries`;
const AFTER = `${ENTRIES} where room = $1 and seq > $2 and seq <= $3 order by seq limit $4`;
const BEFORE = `select * from (${ENTRIES} where room = $1 and seq < $2 order by seq desc limit $3) as page order by seq`;
/** No room's name has a comma. */
const HEADS = `select id, head from chat.rooms where id = any(string_to_array($1, ','))`;
const FIND = `select seq from chat.entries where room = $1 and author_id = $2 and client_id = $3`;

export function createHistory(database: Database): History {
  const after = (room: string, seq: number, upTo: number, limit: number) =>
    database.query<Row>(AFTER, [room, seq, upTo, limit]);
  const before = (room: string, seq: number, limit: number) =>
    database.query<Row>(BEFORE, [room, seq, limit]);
  return {
    async heads(rooms) {
      const rows = await database.query<{ id: string; head: number }>(HEADS, [rooms.join()]);
      return new Map(rows.map(({ id, head }) => [id, head]));
    },
    async page(room, query) {
      const { limit } = query;
      if (query.after !== undefined)
        return (await after(room, query.after, Number.MAX_SAFE_INTEGER, limit)).map(messageFrame);
      if (query.around !== undefined) {
        const earlier = Math.floor(limit / 2);
        const [head, tail] = await Promise.all([
          before(room, query.around, earlier),
          after(room, query.around - 1, Number.MAX_SAFE_INTEGER, limit - earlier),
        ]);
        return [...head, ...tail].map(messageFrame);
      }
      return (await before(room, query.before ?? Number.MAX_SAFE_INTEGER, limit)).map(messageFrame);
    },
    async replay(room, seq, upTo, limit) {
      return (await after(room, seq, upTo, limit)).map((row) => JSON.stringify(messageFrame(row)));
    },
    async findStored(room, userId, id) {
      const [row] = await database.query<{ seq: number }>(FIND, [room, userId, id]);
      return row?.seq ?? null;
    },
  };
}

/** A stored entry as members see it; the same as what they saw live, key by key. */
function messageFrame(row: Row): MessageFrame {
  const { seq, type, room, id, authorId, authorUsername, body, at, replyTo } = row;
  const frame = { seq, type, room, id, author: { id: authorId, username: authorUsername }, body };
  return { ...frame, at: at.toISOString(), ...(replyTo === null ? {} : { replyTo }) };
}
