/** A channel's name, as people type it. Channels are open to all. */
export const CHANNEL_PATTERN = "^[a-z0-9][a-z0-9_-]{0,63}$";
/** Any room: a channel, or the generated id of a group (`G…`) or a direct chat (`D…`), which no channel can take. */
export const ROOM_PATTERN = "^([a-z0-9][a-z0-9_-]{0,63}|[GD][0-9A-Z]{26})$";

type RoomKind = "channel" | "group" | "direct";

/** The kind of a room, from its id. */
export function kindOf(room: string): RoomKind {
  const first = room.charCodeAt(0);
  return first === 71 ? "group" : first === 68 ? "direct" : "channel";
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The shard of a room's log entries: FNV-1a of its id (hash of 32 bits, over UTF-16 code units) modulo the number of
 * shards. Stored data depends on it, so it never changes.
 */
export function shardOf(room: string, shards: number): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < room.length; i += 1) hash = Math.imul(hash ^ room.charCodeAt(i), FNV_PRIME);
  return (hash >>> 0) % shards;
}
