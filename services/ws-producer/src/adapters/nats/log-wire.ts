import type { NatsConnection } from "@nats-io/transport-node";
import { RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import { PACK_ROOM, packOf } from "@parley/protocol/pack";
import type { LogEntry } from "../../application/publish-message.ts";

const PRINTABLE = /^[\x21-\x7e]+$/;

/** @throws {Error} if one of the values could end its header, the subject or its line in a pack: a fault of ours. */
export function assertSendable({ room, key, receiptTo, payload }: LogEntry): void {
  if (
    !PRINTABLE.test(key) ||
    !PRINTABLE.test(room) ||
    (receiptTo !== undefined && !PRINTABLE.test(receiptTo))
  )
    throw new Error("the key, room or receipt subject of a log entry is not printable ASCII");
  if (payload.includes("\n")) throw new Error("a log entry is one line");
}

const header = (name: string, value: string) => `${name}: ${value}\r\n`;

/** The command that publishes an entry by itself, to its room's subject (NATS client protocol, HPUB). */
export function entryCommand(shard: number, { room, key, receiptTo, payload }: LogEntry, reply: string) {
  const receipt = receiptTo === undefined ? "" : header(RECEIPT_HEADER, receiptTo);
  return hpub(subjectOf(shard, room), reply, idHeader(key) + receipt, payload);
}

/** The command that publishes a pack of entries. */
export function packCommand(shard: number, id: string, entries: readonly LogEntry[], reply: string): string {
  return hpub(subjectOf(shard, PACK_ROOM), reply, idHeader(id), packOf(entries));
}

/** By it the log knows a message again. */
function idHeader(id: string): string {
  return header("Nats-Msg-Id", id);
}

function hpub(subject: string, reply: string, headers: string, payload: string): string {
  const head = `NATS/1.0\r\n${headers}\r\n`;
  return `HPUB ${subject} ${reply} ${head.length} ${head.length + Buffer.byteLength(payload)}\r\n${head}${payload}\r\n`;
}

/** What the connection has beside its interface: the queue of bytes that its own `publish` fills. */
type Outlet = Readonly<{ protocol: Readonly<{ sendCommand: (bytes: Uint8Array) => void }> }>;

/**
 * Sends a command in one piece. The library's `publish` encodes the command, each header and the payload by themselves
 * and then joins them, which costs six times as much (docs/decisions/0030). Nothing says that it arrives: that is what
 * the answer is for.
 *
 * @throws {Error} if the connection is closed.
 */
export function sendCommand(nats: NatsConnection, command: string): void {
  if (nats.isClosed()) throw new Error("the connection to NATS is closed");
  (nats as unknown as Outlet).protocol.sendCommand(Buffer.from(command));
}
