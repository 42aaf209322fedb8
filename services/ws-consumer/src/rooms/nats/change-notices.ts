import type { NatsConnection } from "@nats-io/transport-node";
import { ACCESS_CHANGED_SUBJECT, OUTBOX_SUBJECT } from "@parley/protocol/access";
import type { ChangeNotices, Receipts } from "../settle.ts";

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

/** Receipts of the writers, on subjects of this process. One may come before anybody waits for it. */
export function createReceipts(nats: NatsConnection): Receipts {
  const prefix = `receipt.${crypto.randomUUID()}`;
  const expected = new Map<string, PromiseWithResolvers<number | undefined>>();
  let next = 0;
  nats.subscribe(`${prefix}.*`, {
    callback: (error, message) => {
      if (!error) expected.get(message.subject)?.resolve(message.json<{ seq: number }>().seq);
    },
  });
  return {
    open() {
      next += 1;
      const subject = `${prefix}.${next}`;
      const receipt = Promise.withResolvers<number | undefined>();
      expected.set(subject, receipt);
      const timer = setTimeout(() => receipt.resolve(undefined), SETTLE_DEADLINE_MS);
      void receipt.promise.then(() => {
        clearTimeout(timer);
        expected.delete(subject);
      });
      return subject;
    },
    wait: async (subject) => expected.get(subject)?.promise,
  };
}
