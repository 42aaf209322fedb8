import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { withSeq } from "@parley/protocol/live";
import { meOf, type UserEvent } from "@parley/protocol/me";
import { USER_EVENTS_SUBJECT } from "@parley/protocol/subjects";
import { listen, type OnFault } from "@parley/runtime/listen";
import type { DeliverFrames } from "../../delivery/local-delivery.ts";

/** Events per message, of about a kilobyte at most. */
const EVENTS_MAX = 200;

/** Delivers stored events of users at every instance. It may be lost: hubs read what they miss from Postgres. */
export type PublishUserEvents = (events: readonly UserEvent[]) => void;

/** @param live connection without echo @param deliverHere delivers on this instance; must not throw */
export function createPublishUserEvents(live: NatsConnection, deliverHere: DeliverFrames): PublishUserEvents {
  return (events) => {
    for (let i = 0; i < events.length; i += EVENTS_MAX) {
      const some = events.slice(i, i + EVENTS_MAX);
      deliver(some, deliverHere);
      try {
        live.publish(USER_EVENTS_SUBJECT, JSON.stringify(some));
      } catch {
        // The connection is closed: the same as a message that is lost on its way.
      }
    }
  };
}

/** Delivers the events that other instances publish; returns a function that unsubscribes. */
export function listenToUserEvents(
  live: NatsConnection,
  deliverHere: DeliverFrames,
  onFault: OnFault,
): () => void {
  const receive = (message: Msg) => deliver(message.json<UserEvent[]>(), deliverHere);
  return listen(live, USER_EVENTS_SUBJECT, receive, onFault);
}

function deliver(events: readonly UserEvent[], deliverHere: DeliverFrames): void {
  for (const { userId, seq, event } of events) deliverHere(meOf(userId), seq, [withSeq(event, seq)]);
}
