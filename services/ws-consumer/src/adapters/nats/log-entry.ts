import { isUtf8 } from "node:buffer";
import type { Msg } from "@nats-io/transport-node";
import { type LogMessage, RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import { shardOf } from "@parley/protocol/rooms";
import { RECEIPT_PREFIX } from "@parley/protocol/subjects";
import type { LogContent, LogItem, Original } from "../../application/shard-log.ts";
import { checkShape, plainEvent } from "./entry-shape.ts";
import { timeOf } from "./entry-time.ts";
import { headerOf, headersOf, type Wire, wireOf } from "./entry-wire.ts";

/** Longest name or id of an author that fits Postgres' index, with room to spare. */
const AUTHOR_LENGTH_MAX = 128;
/** A rough count of what an entry takes up beside its text, bytes. */
const ENTRY_OVERHEAD_BYTES = 64;

export type EntryPlace = Readonly<{ logSeq: number; logTime: string }>;

/**
 * Turns a message of the log into an entry that is fit to be stored, or says why it is none. Never throws: the log
 * may hold anything that somebody has put into it by hand.
 */
export function parseEntry(msg: Msg, place: EntryPlace, shard: number, shards: number): LogItem {
  const { logSeq, logTime } = place;
  const { data, subject } = msg;
  const wire = wireOf(msg, data);
  const bytes = data.length + ENTRY_OVERHEAD_BYTES;
  const original = originalOf(subject, wire);
  const checked = checkSafely(data, wire, subject, shard, shards);
  if ("reason" in checked) return { logSeq, logTime, bytes, original, reason: checked.reason };
  const { content, text } = checked;
  const { room, id } = content;
  const event = keptOf(content, text);
  return { logSeq, logTime, bytes, original, room, id, text, content, event, receipt: receiptOf(wire) };
}

type Checked = Readonly<{ content: LogContent; text: string }> | Readonly<{ reason: string }>;

/** An edit is kept without its text: once the message is deleted, nothing of that may be left. */
function keptOf(content: LogContent, text: string): string | undefined {
  if (content.type === "message") return undefined;
  return content.type === "message_edited" ? JSON.stringify({ ...content, body: undefined }) : text;
}

/** A throw in a subscription's callback would end the whole connection's reading. */
function checkSafely(data: Uint8Array, wire: Wire, subject: string, shard: number, shards: number): Checked {
  try {
    return check(data, wire, subject, shard, shards);
  } catch (error) {
    return { reason: `cannot be read: ${error}` };
  }
}

function check(data: Uint8Array, wire: Wire, subject: string, shard: number, shards: number): Checked {
  if (!isUtf8(data)) return { reason: "not UTF-8" };
  const text = wire.bytes.toString("utf8", wire.headLength);
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
  if (subject !== subjectOf(shard, room)) return { reason: "the room is not the subject's" };
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
  const message = plain(content, at);
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
    Object.keys(message).length === fields &&
    Object.keys(message.author).length === 2
  );
}

function plain({ type, room, id, author, body, replyTo }: LogMessage, at: string): LogMessage {
  const { id: authorId, username } = author;
  const message = { type, room, id, author: { id: authorId, username }, body, at };
  return replyTo === undefined ? message : { ...message, replyTo };
}

function receiptOf(wire: Wire): string | undefined {
  const subject = headerOf(wire, RECEIPT_HEADER);
  // Any other subject would let whoever can append to the log speak with this service's rights.
  return subject?.startsWith(RECEIPT_PREFIX) && !/[\s*>]/.test(subject) ? subject : undefined;
}

/** Keeps the bytes and not the library's message: thousands of entries may wait here. */
function originalOf(subject: string, wire: Wire): () => Original {
  return () => ({ subject, headers: headersOf(wire), payload: wire.bytes.subarray(wire.headLength) });
}
