/** A channel's name: what people type. Open to all. */
export const CHANNEL_PATTERN = "^[a-z0-9][a-z0-9_-]{0,63}$";
/** Any room: a channel, or the generated id of a group (`G…`) or a direct chat (`D…`), which no channel can take. */
export const ROOM_PATTERN = "^([a-z0-9][a-z0-9_-]{0,63}|[GD][0-9A-Z]{26})$";

export type RoomKind = "channel" | "group" | "direct";

/** Which kind a room is: its id says so. */
export function kindOf(room: string): RoomKind {
  const first = room.charCodeAt(0);
  return first === 71 ? "group" : first === 68 ? "direct" : "channel";
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Which shard of the log a room's messages go to: FNV-1a of its name, modulo the number of shards. It is part of
 * what is stored, so it never changes.
 */
export function shardOf(room: string, shards: number): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < room.length; i += 1) hash = Math.imul(hash ^ room.charCodeAt(i), FNV_PRIME);
  return (hash >>> 0) % shards;
}
