import { headers, type NatsConnection } from "@nats-io/transport-node";
import { RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import { PACK_ROOM, packLength, writePack } from "@parley/protocol/pack";
import type { LogEntry } from "../../application/publish-message.ts";
import type { Parcel } from "./parcel.ts";

/** Header by which the log recognises a message that it has stored already. */
const MESSAGE_ID_HEADER = "Nats-Msg-Id";
const PRINTABLE = /^[\x21-\x7e]+$/;

/** @throws {Error} if a value could end its header, the subject or its line in a pack: a fault of the caller. */
export function assertSendable({ room, key, receiptTo, payload }: LogEntry): void {
  if (
    !PRINTABLE.test(key) ||
    !PRINTABLE.test(room) ||
    (receiptTo !== undefined && !PRINTABLE.test(receiptTo))
  )
    throw new Error("the key, room or receipt subject of a log entry is not printable ASCII");
  if (payload.includes("\n")) throw new Error("a log entry is one line");
}

/**
 * Publishes a parcel: one entry to its room's subject, several as a pack. The log's answer goes to `reply`; without it
 * nothing says that the parcel arrived.
 *
 * @throws {Error} if the connection is closed.
 */
export function publishParcel(nats: NatsConnection, shard: number, parcel: Parcel, reply: string): void {
  const [first, second] = parcel.entries;
  if (first === undefined) return;
  const head = headers();
  if (second === undefined) {
    const { room, key, receiptTo, payload } = first.entry;
    head.set(MESSAGE_ID_HEADER, key);
    if (receiptTo !== undefined) head.set(RECEIPT_HEADER, receiptTo);
    nats.publish(subjectOf(shard, room), payload, { headers: head, reply });
    return;
  }
  const lines = parcel.entries.map(({ entry: { payload, receiptTo }, bytes }) => ({
    payload,
    bytes,
    receiptTo,
  }));
  const pack = Buffer.allocUnsafe(packLength(lines));
  writePack(pack, 0, lines);
  head.set(MESSAGE_ID_HEADER, parcel.packId);
  nats.publish(subjectOf(shard, PACK_ROOM), pack, { headers: head, reply });
}
