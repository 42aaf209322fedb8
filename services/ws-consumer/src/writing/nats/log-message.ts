import { isUtf8 } from "node:buffer";
import type { Msg } from "@nats-io/transport-node";
import { RECEIPT_HEADER } from "@parley/protocol/log";
import { PACK_ENTRIES_MAX, PACK_ROOM, parseLine } from "@parley/protocol/pack";
import { RECEIPT_PREFIX } from "@parley/protocol/subjects";
import type { LogContent, LogItem, Original } from "../shard-log.ts";
import { type LogShard, readEntry } from "./log-entry.ts";

/** Estimated size of an entry in memory beside its text, bytes. */
const ENTRY_OVERHEAD_BYTES = 64;

/** The sequence of a log message in its stream, and when the log took it (ns since 1970). */
export type LogPosition = Readonly<{ logSeq: number; logTime: string }>;

/** Header and payload of a message, byte for byte as received. */
type Wire = Readonly<{ bytes: Buffer; headLength: number }>;

/** The library's message class has `size()`, its type does not: length of subject, reply, header and payload. */
type Sized = Msg & Readonly<{ size(): number }>;

/**
 * Returns the entries that a log message holds: one, or a pack of them. An invalid entry comes with its reason. Never
 * throws: the reading would fail, and again at the same message.
 */
export function itemsOf(msg: Msg, position: LogPosition, shard: LogShard): LogItem[] {
  try {
    return read(msg, position, shard);
  } catch (error) {
    const { data, subject } = msg;
    const original = () => ({ subject, headers: {}, payload: Buffer.from(data) });
    const bytes = data.length + ENTRY_OVERHEAD_BYTES;
    return [{ ...position, isLast: true, bytes, original, reason: `cannot be read: ${error}` }];
  }
}

function read(msg: Msg, position: LogPosition, shard: LogShard): LogItem[] {
  const { data, subject } = msg;
  const wire = wireOf(msg, data);
  const bytes = data.length + ENTRY_OVERHEAD_BYTES;
  const whole = { ...position, isLast: true, bytes, original: originalOf(subject, wire) };
  if (!isUtf8(data)) return [{ ...whole, reason: "not UTF-8" }];
  const text = wire.bytes.toString("utf8", wire.headLength);
  const room = subject.startsWith(shard.prefix) ? subject.slice(shard.prefix.length) : "";
  if (room === PACK_ROOM) {
    const lines = text.split("\n");
    if (lines.length <= PACK_ENTRIES_MAX) return unpack(lines, subject, position, shard);
    return [{ ...whole, reason: `a pack of ${lines.length} entries, more than ${PACK_ENTRIES_MAX}` }];
  }
  return [itemOf(whole, text, room, receiptIn(headerOf(wire, RECEIPT_HEADER)), shard)];
}

function unpack(
  lines: readonly string[],
  subject: string,
  position: LogPosition,
  shard: LogShard,
): LogItem[] {
  return lines.map((line, i) => {
    const { text, receiptTo } = parseLine(line);
    const bytes = line.length + ENTRY_OVERHEAD_BYTES;
    const original = () => ({ subject, headers: {}, payload: Buffer.from(line) });
    const whole = { ...position, isLast: i === lines.length - 1, bytes, original };
    return itemOf(whole, text, undefined, receiptIn(receiptTo), shard);
  });
}

type Whole = Readonly<LogPosition & { isLast: boolean; bytes: number; original: () => Original }>;

function itemOf(
  { logSeq, logTime, isLast, bytes, original }: Whole,
  line: string,
  expectedRoom: string | undefined,
  receipt: string | undefined,
  shard: LogShard,
): LogItem {
  const read = readEntry(line, expectedRoom, shard);
  if ("reason" in read) return { logSeq, logTime, isLast, bytes, original, reason: read.reason };
  const { content, text } = read;
  const { room, id } = content;
  const event = eventTextOf(content, text);
  return { logSeq, logTime, isLast, bytes, original, room, id, text, content, event, receipt };
}

/** Text of an event to be stored. An edit is stored without its body, which must not outlive the message. */
function eventTextOf(content: LogContent, text: string): string | undefined {
  if (content.type === "message") return undefined;
  return content.type === "message_edited" ? JSON.stringify({ ...content, body: undefined }) : text;
}

/** Accepts receipt subjects only: with any other, a writer to the log could publish with this service's permissions. */
function receiptIn(subject: string | undefined): string | undefined {
  return subject?.startsWith(RECEIPT_PREFIX) && !/[\s*>]/.test(subject) ? subject : undefined;
}

/** Holds the bytes, not the library's message object: thousands of entries may be queued. */
function originalOf(subject: string, wire: Wire): () => Original {
  return () => ({ subject, headers: headersOf(wire), payload: wire.bytes.subarray(wire.headLength) });
}

/**
 * Finds a message's header in the connection's read buffer, where it lies in front of the payload. `msg.headers` would
 * decode all of it into a map, which costs more than everything else that is done to an entry here.
 */
export function wireOf(msg: Msg, data: Uint8Array): Wire {
  const before = (msg as Sized).size() - msg.subject.length - (msg.reply?.length ?? 0) - data.length;
  // A subject that is not ASCII makes it a little too long; the excess ends up in the first line, which is skipped.
  const headLength = Math.min(before, data.byteOffset);
  const bytes = Buffer.from(data.buffer, data.byteOffset - headLength, headLength + data.length);
  return { bytes, headLength };
}

/** The first value of a header; undefined if there is none of exactly that name. */
export function headerOf({ bytes, headLength }: Wire, name: string): string | undefined {
  const hasName = bytes.toString("latin1", 0, headLength).includes(name);
  return hasName ? headersOf({ bytes, headLength })[name]?.[0] : undefined;
}

/** All headers by name. */
export function headersOf({ bytes, headLength }: Wire): Record<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of bytes.toString("utf8", 0, headLength).split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon === -1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  return Object.fromEntries(headers);
}
