import { jetstream } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { OUTBOX_SUBJECT } from "@parley/protocol/access";
import type { LogEvent } from "@parley/protocol/events";
import { eventKey, RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import { shardOf } from "@parley/protocol/rooms";
import { listen, type OnFault } from "@parley/runtime/listen";
import type { AppendEntry } from "../relay-outbox.ts";

/** Deadline of an append, ms; the relay then repeats it under the same id. */
const ANSWER_DEADLINE_MS = 2_000;

/**
 * Creates the function that appends an outbox row to the log under a message id of its own, with its receipt subject.
 */
export function createAppendEntry(nats: NatsConnection, shards: number): AppendEntry {
  const log = jetstream(nats);
  return async ({ room, entry, receipt }) => {
    const { author, type, id } = JSON.parse(entry) as LogEvent;
    const extra = headers();
    if (receipt !== null) extra.set(RECEIPT_HEADER, receipt);
    await log.publish(subjectOf(shardOf(room, shards), room), entry, {
      msgID: eventKey(room, author.id, type, id),
      headers: extra,
      timeout: ANSWER_DEADLINE_MS,
    });
  };
}

/** Subscribes to announcements of new outbox rows; returns a function that unsubscribes. */
export function listenToOutbox(nats: NatsConnection, onFilled: () => void, onFault: OnFault): () => void {
  return listen(nats, OUTBOX_SUBJECT, onFilled, onFault);
}
