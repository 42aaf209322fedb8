import { isUtf8 } from "node:buffer";
import type { Msg } from "@nats-io/transport-node";
import { RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import { lineOf, PACK_ENTRIES_MAX, PACK_ROOM } from "@parley/protocol/pack";
import { RECEIPT_PREFIX } from "@parley/protocol/subjects";
import type { LogContent, LogItem, Original } from "../shard-log.ts";
import { headerOf, headersOf, type Wire, wireOf } from "./entry-wire.ts";
import { readEntry, type ShardOfLog } from "./log-entry.ts";

/** A rough count of what an entry takes up beside its text, bytes. */
const ENTRY_OVERHEAD_BYTES = 64;

/** Where a message lies in the log, and when the log took it. */
export type LogPlace = Readonly<{ logSeq: number; logTime: string }>;

/** The entries that a message of the log holds, one or a pack of them; of what is not fit to be stored, why. */
export function itemsOf(msg: Msg, place: LogPlace, where: ShardOfLog): LogItem[] {
  const { data, subject } = msg;
  const wire = wireOf(msg, data);
  const bytes = data.length + ENTRY_OVERHEAD_BYTES;
  const whole = { ...place, isLast: true, bytes, original: originalOf(subject, wire) };
  if (!isUtf8(data)) return [{ ...whole, reason: "not UTF-8" }];
  const text = wire.bytes.toString("utf8", wire.headLength);
  const prefix = subjectOf(where.shard, "");
  if (subject === prefix + PACK_ROOM) {
    const lines = text.split("\n");
    if (lines.length <= PACK_ENTRIES_MAX) return unpack(lines, subject, place, where);
    return [{ ...whole, reason: `a pack of ${lines.length} entries, more than ${PACK_ENTRIES_MAX}` }];
  }
  const room = subject.startsWith(prefix) ? subject.slice(prefix.length) : "";
  return [itemOf(whole, text, room, receiptIn(headerOf(wire, RECEIPT_HEADER)), where)];
}

function unpack(lines: readonly string[], subject: string, place: LogPlace, where: ShardOfLog): LogItem[] {
  return lines.map((line, i) => {
    const { text, receiptTo } = lineOf(line);
    const bytes = line.length + ENTRY_OVERHEAD_BYTES;
    const original = () => ({ subject, headers: {}, payload: Buffer.from(line) });
    const whole = { ...place, isLast: i === lines.length - 1, bytes, original };
    return itemOf(whole, text, undefined, receiptIn(receiptTo), where);
  });
}

type Whole = Readonly<LogPlace & { isLast: boolean; bytes: number; original: () => Original }>;

function itemOf(
  { logSeq, logTime, isLast, bytes, original }: Whole,
  line: string,
  expected: string | undefined,
  receipt: string | undefined,
  where: ShardOfLog,
): LogItem {
  const read = readEntry(line, expected, where);
  if ("reason" in read) return { logSeq, logTime, isLast, bytes, original, reason: read.reason };
  const { content, text } = read;
  const { room, id } = content;
  const event = keptOf(content, text);
  return { logSeq, logTime, isLast, bytes, original, room, id, text, content, event, receipt };
}

/** An edit is kept without its text: once the message is deleted, nothing of that may be left. */
function keptOf(content: LogContent, text: string): string | undefined {
  if (content.type === "message") return undefined;
  return content.type === "message_edited" ? JSON.stringify({ ...content, body: undefined }) : text;
}

/** Any other subject would let whoever can append to the log speak with this service's rights. */
function receiptIn(subject: string | undefined): string | undefined {
  return subject?.startsWith(RECEIPT_PREFIX) && !/[\s*>]/.test(subject) ? subject : undefined;
}

/** Keeps the bytes and not the library's message: thousands of entries may wait here. */
function originalOf(subject: string, wire: Wire): () => Original {
  return () => ({ subject, headers: headersOf(wire), payload: wire.bytes.subarray(wire.headLength) });
}
