import type { NatsConnection } from "@nats-io/transport-node";
import { typingSubject } from "@parley/protocol/subjects";
import type { PublishTyping } from "../../application/announce-typing.ts";

/** Publishes typing notices by core NATS; drops them once the connection is closed. */
export function createPublishTyping(nats: NatsConnection): PublishTyping {
  return (room, user, isTyping) => {
    if (!nats.isClosed()) nats.publish(typingSubject(room), JSON.stringify({ user, isTyping }));
  };
}
