import { headers, type NatsConnection } from "@nats-io/transport-node";
import { RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import type { LogEntry } from "../../application/publish-message.ts";

/** Place of an entry in an atomic batch (ADR-50); `last` commits it. */
export type BatchPlace = Readonly<{ batch: string; place: number; last: boolean }>;

const SAFE_VALUE = /^[\x21-\x7e]+$/;

/** @throws {Error} if a header's value could end the header: a fault of ours, since both are made by us. */
export function assertSendable({ key, receiptTo }: LogEntry): void {
  if (!SAFE_VALUE.test(key) || (receiptTo !== undefined && !SAFE_VALUE.test(receiptTo)))
    throw new Error("the key or receipt subject of a log entry is not printable ASCII");
}

/** Publishes an entry to its room's subject. Nothing says that it arrives: that is what the answer is for. */
export function sendEntry(
  nats: NatsConnection,
  shard: number,
  entry: LogEntry,
  payload: Uint8Array,
  reply: string | undefined,
  batch?: BatchPlace,
): void {
  const head = headers();
  head.append("Nats-Msg-Id", entry.key);
  if (entry.receiptTo !== undefined) head.append(RECEIPT_HEADER, entry.receiptTo);
  if (batch !== undefined) {
    head.append("Nats-Batch-Id", batch.batch);
    head.append("Nats-Batch-Sequence", String(batch.place));
    if (batch.last) head.append("Nats-Batch-Commit", "1");
  }
  nats.publish(
    subjectOf(shard, entry.room),
    payload,
    reply === undefined ? { headers: head } : { headers: head, reply },
  );
}
