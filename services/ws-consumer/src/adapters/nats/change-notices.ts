import type { NatsConnection } from "@nats-io/transport-node";
import { ACCESS_CHANGED_SUBJECT, OUTBOX_SUBJECT } from "@parley/protocol/access";
import type { ChangeNotices, Receipts } from "../../application/settle.ts";

/** How long a change may take to come back as a part of history, ms; afterwards it is answered without its seq. */
const SETTLE_DEADLINE_MS = 3_000;

/** Tells all instances by core NATS that something was changed. What gets lost is found by looking again. */
export function createChangeNotices(nats: NatsConnection): ChangeNotices {
  const publish = (subject: string, text: string) => {
    try {
      nats.publish(subject, text);
    } catch {
      // The connection is closed: the same as a message that is lost on its way.
    }
  };
  return {
    outboxFilled: () => publish(OUTBOX_SUBJECT, ""),
    accessChanged: (room, userId) => publish(ACCESS_CHANGED_SUBJECT, JSON.stringify({ room, userId })),
  };
}

/** Hears whose rights have changed; without a user, everybody's in the room. */
export function listenToAccess(
  nats: NatsConnection,
  onChanged: (room: string, userId?: string) => void,
): () => void {
  const subscription = nats.subscribe(ACCESS_CHANGED_SUBJECT, {
    callback: (error, message) => {
      if (error) return;
      const { room, userId } = message.json<{ room: string; userId?: string }>();
      onChanged(room, userId);
    },
  });
  return () => subscription.unsubscribe();
}

/** Receipts of the writers, on subjects of this process. */
export function createReceipts(nats: NatsConnection): Receipts {
  const prefix = `receipt.${crypto.randomUUID()}`;
  const waiting = new Map<string, (seq: number) => void>();
  let next = 0;
  nats.subscribe(`${prefix}.*`, {
    callback: (error, message) => {
      if (!error) waiting.get(message.subject)?.(message.json<{ seq: number }>().seq);
    },
  });
  return {
    open() {
      next += 1;
      return `${prefix}.${next}`;
    },
    wait(subject) {
      return new Promise((resolve) => {
        const settle = (seq?: number) => {
          clearTimeout(timer);
          waiting.delete(subject);
          resolve(seq);
        };
        const timer = setTimeout(settle, SETTLE_DEADLINE_MS);
        waiting.set(subject, settle);
      });
    },
  };
}
