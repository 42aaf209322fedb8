import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { ACCESS_CHANGED_SUBJECT, OUTBOX_SUBJECT } from "@parley/protocol/access";
import { listen, type OnFault } from "@parley/runtime/listen";
import type { ChangeNotices, Receipts } from "../apply-change.ts";

/** How long a request waits for its change to be in history, ms; then it is answered without the seq. */
const RECEIPT_DEADLINE_MS = 3_000;

/** Creates announcements of changes by core NATS. Receivers also poll, so a lost announcement costs a delay only. */
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

/** Subscribes to changes of rights: of one user, or of all in the room. Returns a function that unsubscribes. */
export function listenToAccess(
  nats: NatsConnection,
  onChanged: (room: string, userId?: string) => void,
  onFault: OnFault,
): () => void {
  const receive = (message: Msg) => {
    const { room, userId } = message.json<{ room: string; userId?: string }>();
    onChanged(room, userId);
  };
  return listen(nats, ACCESS_CHANGED_SUBJECT, receive, onFault);
}

/** Creates receipts on subjects of this process. A receipt may arrive before `wait` is called. */
export function createReceipts(nats: NatsConnection, onFault: OnFault): Receipts {
  const prefix = `receipt.${crypto.randomUUID()}`;
  const expected = new Map<string, PromiseWithResolvers<number | undefined>>();
  let next = 0;
  const receive = (message: Msg) =>
    expected.get(message.subject)?.resolve(message.json<{ seq: number }>().seq);
  listen(nats, `${prefix}.*`, receive, onFault);
  return {
    open() {
      next += 1;
      const subject = `${prefix}.${next}`;
      const receipt = Promise.withResolvers<number | undefined>();
      expected.set(subject, receipt);
      const timer = setTimeout(() => receipt.resolve(undefined), RECEIPT_DEADLINE_MS);
      void receipt.promise.then(() => {
        clearTimeout(timer);
        expected.delete(subject);
      });
      return subject;
    },
    wait: async (subject) => expected.get(subject)?.promise,
  };
}
