import { type LogMessage, logMessageOf } from "@parley/protocol/message";
import { shardOf } from "@parley/protocol/rooms";
import type { LogContent } from "../shard-log.ts";
import { checkShape, plainEvent } from "./entry-shape.ts";
import { timeOf } from "./entry-time.ts";

/** Longest name or id of an author that fits Postgres' index, with room to spare. */
const AUTHOR_LENGTH_MAX = 128;

export type ShardOfLog = Readonly<{ shard: number; shards: number }>;
export type Entry = Readonly<{ content: LogContent; text: string }>;
export type Fault = Readonly<{ reason: string }>;

/**
 * Reads an entry, or says why it is not fit to be stored. Never throws: that would end the whole connection's reading.
 *
 * @param room that it must be for; undefined if it may be for any room of the shard
 */
export function readEntry(text: string, room: string | undefined, where: ShardOfLog): Entry | Fault {
  try {
    return check(text, room, where);
  } catch (error) {
    return { reason: `cannot be read: ${error}` };
  }
}

function check(text: string, expected: string | undefined, { shard, shards }: ShardOfLog): Entry | Fault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: "not JSON" };
  }
  const shape = checkShape(value);
  if ("reason" in shape) return shape;
  const { content } = shape;
  const { room, author } = content;
  if (expected !== undefined && room !== expected) return { reason: "the room is not the subject's" };
  if (shardOf(room, shards) !== shard) return { reason: "the room belongs to another shard" };
  if (!isPerson(author) || ("user" in content && !isPerson(content.user)))
    return { reason: "the author's id or name is empty, too long or not text" };
  const at = timeOf(content.at);
  if (at === undefined) return { reason: "`at` is not a time" };
  if (content.type !== "message") {
    const event = plainEvent(content, at);
    return { content: event, text: JSON.stringify(event) };
  }
  if (at === content.at && isPlain(content, text)) return { content, text };
  const message = logMessageOf({ ...content, at }, content);
  return { content: message, text: JSON.stringify(message) };
}

function isPerson({ id, username }: LogContent["author"]): boolean {
  return isName(id) && isName(username);
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= AUTHOR_LENGTH_MAX && text.isWellFormed() && !text.includes("\0");
}

/** It has nothing that history would not show, and can stand in a line of its own, after a seq. */
function isPlain(message: LogMessage, text: string): boolean {
  const fields = message.replyTo === undefined ? 6 : 7;
  return (
    text.startsWith('{"') &&
    !text.includes("\n") &&
    countFields(message) === fields &&
    countFields(message.author) === 2
  );
}

/** Not by a list of them, which would be garbage for each entry. */
function countFields(object: object): number {
  let fields = 0;
  for (const _ in object) fields += 1;
  return fields;
}
