import type { NatsConnection } from "@nats-io/transport-node";
import { RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import { PACK_ROOM, type PackEntry, packLength, writePack } from "@parley/protocol/pack";
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
export function entryCommand(
  shard: number,
  { room, key, receiptTo, payload }: LogEntry,
  reply: string,
): Buffer {
  const receipt = receiptTo === undefined ? "" : header(RECEIPT_HEADER, receiptTo);
  const bytes = Buffer.byteLength(payload);
  const write = (into: Buffer, at: number) => at + into.write(payload, at);
  return hpub(subjectOf(shard, room), reply, idHeader(key) + receipt, bytes, write);
}

/** The command that publishes a pack of entries. */
export function packCommand(shard: number, id: string, entries: readonly PackEntry[], reply: string): Buffer {
  const write = (into: Buffer, at: number) => writePack(into, at, entries);
  return hpub(subjectOf(shard, PACK_ROOM), reply, idHeader(id), packLength(entries), write);
}

/** By it the log knows a message again. */
function idHeader(id: string): string {
  return header("Nats-Msg-Id", id);
}

/** All of it is ASCII but the payload. */
function hpub(
  subject: string,
  reply: string,
  headers: string,
  payloadBytes: number,
  writePayload: (into: Buffer, at: number) => number,
): Buffer {
  const head = `NATS/1.0\r\n${headers}\r\n`;
  const start = `HPUB ${subject} ${reply} ${head.length} ${head.length + payloadBytes}\r\n${head}`;
  const command = Buffer.allocUnsafe(start.length + payloadBytes + 2);
  const end = writePayload(command, command.write(start, "latin1"));
  command.write("\r\n", end, "latin1");
  return command;
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
export function sendCommand(nats: NatsConnection, command: Buffer): void {
  if (nats.isClosed()) throw new Error("the connection to NATS is closed");
  (nats as unknown as Outlet).protocol.sendCommand(command);
}
