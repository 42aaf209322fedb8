import type { NatsConnection } from "@nats-io/transport-node";
import { RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import type { LogEntry } from "../../application/publish-message.ts";
import type { Pending } from "./pending-entries.ts";

/** Place of an entry in an atomic batch (ADR-50); `last` commits it. */
export type BatchPlace = Readonly<{ batch: string; place: number; last: boolean }>;

const PRINTABLE = /^[\x21-\x7e]+$/;

/** @throws {Error} if one of the values could end its header or the subject: a fault of ours. */
export function assertSendable({ room, key, receiptTo }: LogEntry): void {
  if (
    !PRINTABLE.test(key) ||
    !PRINTABLE.test(room) ||
    (receiptTo !== undefined && !PRINTABLE.test(receiptTo))
  )
    throw new Error("the key, room or receipt subject of a log entry is not printable ASCII");
}

const header = (name: string, value: string | number) => `${name}: ${value}\r\n`;

/** The command that publishes an entry to its room's subject (NATS client protocol, HPUB). */
export function commandOf(
  shard: number,
  { entry, bytes }: Pick<Pending, "entry" | "bytes">,
  reply: string | undefined,
  batch?: BatchPlace,
): string {
  let head = "NATS/1.0\r\n";
  head += header("Nats-Msg-Id", entry.key);
  if (entry.receiptTo !== undefined) head += header(RECEIPT_HEADER, entry.receiptTo);
  if (batch !== undefined) {
    head += header("Nats-Batch-Id", batch.batch) + header("Nats-Batch-Sequence", batch.place);
    if (batch.last) head += header("Nats-Batch-Commit", 1);
  }
  head += "\r\n";
  const subject = subjectOf(shard, entry.room);
  const target = reply === undefined ? subject : `${subject} ${reply}`;
  return `HPUB ${target} ${head.length} ${head.length + bytes}\r\n${head}${entry.payload}\r\n`;
}

/** What the connection has beside its interface: the queue of bytes that its own `publish` fills. */
type Outlet = Readonly<{ protocol: Readonly<{ sendCommand: (bytes: Uint8Array) => void }> }>;

/**
 * Sends commands in one piece. The library's `publish` encodes the command, each header and the payload by themselves
 * and then joins them, which costs six times as much (docs/decisions/0030). Nothing says that they arrive: that is what
 * the answers are for.
 *
 * @throws {Error} if the connection is closed.
 */
export function sendCommands(nats: NatsConnection, commands: string): void {
  if (nats.isClosed()) throw new Error("the connection to NATS is closed");
  (nats as unknown as Outlet).protocol.sendCommand(Buffer.from(commands));
}
