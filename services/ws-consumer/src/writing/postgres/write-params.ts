import { extraOf } from "@parley/protocol/message";
import type { Param } from "@parley/runtime/postgres";
import type { LogContent, LogEntry, PoisonEntry, ShardPosition } from "../shard-log.ts";
import { type Batch, LEASE_MS } from "../shard-store.ts";

/** What is to be stored of one shard. */
export type ShardWrite = Readonly<{ position: ShardPosition; batch: Batch }>;

/** A room that gets entries, and what they make of it. Places count from 1 in the batch. */
type GrownRoom = {
  n: number;
  shard: number;
  id: string;
  places: number;
  first_at: string;
  last_at: string;
  first_message?: number;
  last_message?: number;
  last_message_at?: string;
};

/** Where each entry goes, in their order: to the room with this number, so many places after what was its head. */
export type EntryPlaces = Readonly<{ rooms: readonly number[]; places: readonly number[] }>;

/** What only some types of entries have. */
type Optional = { replyTo?: number; body?: string; target?: number; emoji?: string; remove?: boolean };
const optional = (content: LogContent) => content as LogContent & Optional;

/**
 * The parameters of the statement.
 *
 * @param writes of different shards, in the order in which their rows are to be locked; of entries that are new
 */
export function paramsOf(writes: readonly ShardWrite[]): { params: Param[]; places: EntryPlaces } {
  const grown = new Map<string, GrownRoom>();
  const entries: LogEntry[] = [];
  const rooms: number[] = [];
  const places: number[] = [];
  for (const { position, batch } of writes)
    for (const entry of batch.entries) {
      const room = grow(grown, entry, position.shard);
      entries.push(entry);
      rooms.push(room.n);
      places.push(room.places);
    }
  const poison = writes.flatMap(({ position, batch }) =>
    batch.poison.map((entry) => deadLetterOf(position.shard, entry)),
  );
  const params: Param[] = [
    JSON.stringify(writes.map(moveOf)),
    LEASE_MS,
    JSON.stringify([...grown.values()]),
    JSON.stringify(poison),
    arrayOf(rooms),
    arrayOf(places),
    arrayOf(entries.map(({ logSeq }) => logSeq)),
    arrayOf(entries.map(({ content }) => content.at)),
    arrayOf(entries.map(({ content }) => optional(content).replyTo ?? "null")),
    JSON.stringify(entries.map(({ content }) => content.author.id)),
    JSON.stringify(entries.map(({ content }) => content.author.username)),
    JSON.stringify(entries.map(({ id }) => id)),
    JSON.stringify(entries.map(({ content }) => optional(content).body ?? null)),
    JSON.stringify(entries.map(({ content }) => extraTextOf(content))),
  ];
  if (hasEvents(writes)) params.push(...eventParamsOf(entries));
  return { params, places: { rooms, places } };
}

/** Whether there are entries that are no messages. */
export const hasEvents = (writes: readonly ShardWrite[]): boolean =>
  writes.some(({ batch }) => batch.entries.some(({ event }) => event !== undefined));

function eventParamsOf(entries: readonly LogEntry[]): Param[] {
  return [
    arrayOf(entries.map(({ content }) => content.type)),
    arrayOf(entries.map(({ content }) => optional(content).target ?? "null")),
    arrayOf(entries.map(({ content }) => optional(content).remove ?? "null")),
    JSON.stringify(entries.map(({ content }) => optional(content).emoji ?? null)),
    JSON.stringify(entries.map(({ event }) => event ?? null)),
  ];
}

/** Gives the entry the next place in its room. */
function grow(rooms: Map<string, GrownRoom>, { room: id, content }: LogEntry, shard: number): GrownRoom {
  const { at, type } = content;
  let room = rooms.get(id);
  if (!room) {
    room = { n: rooms.size, shard, id, places: 0, first_at: at, last_at: at };
    rooms.set(id, room);
  }
  room.places += 1;
  if (at < room.first_at) room.first_at = at;
  if (at > room.last_at) room.last_at = at;
  if (type === "message") {
    room.first_message ??= room.places;
    room.last_message = room.places;
    if (room.last_message_at === undefined || at > room.last_message_at) room.last_message_at = at;
  }
  return room;
}

/** A message's optional fields as one JSON text, in the order of their schema. */
function extraTextOf(content: LogContent): string | null {
  const extra = content.type === "message" ? extraOf(content) : undefined;
  return extra === undefined ? null : JSON.stringify(extra);
}

/** An array of Postgres, of what needs no quotes. */
function arrayOf(values: readonly (string | number | boolean)[]): string {
  return `{${values.join()}}`;
}

function moveOf({ position: { shard, epoch, cursor }, batch }: ShardWrite) {
  return { shard, epoch, cursor, next: batch.cursor, next_time: batch.cursorTime };
}

function deadLetterOf(shard: number, { logSeq, reason, original }: PoisonEntry) {
  const { subject, headers, payload } = original();
  return {
    shard,
    log_seq: logSeq,
    reason: storable(reason),
    subject: storable(subject),
    headers: JSON.parse(storable(JSON.stringify(headers))),
    payload: Buffer.from(payload).toString("base64"),
  };
}

/** Text that Postgres can hold: without NUL and lone surrogates. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD").replaceAll("\\u0000", "\uFFFD");
}
