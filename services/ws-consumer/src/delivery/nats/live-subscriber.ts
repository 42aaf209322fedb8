import type { NatsConnection } from "@nats-io/transport-node";
import { unpackLive } from "@parley/protocol/live";
import { LIVE_SUBJECTS } from "@parley/protocol/subjects";
import type { DeliverFrames } from "../local-feed.ts";

const LIVE_PREFIX_LENGTH = LIVE_SUBJECTS.length - 1;

/** Hears the live frames of other instances' writers and hands them on, room by room, in the order of arrival. */
export function subscribeLive(
  live: NatsConnection,
  deliver: DeliverFrames,
  onFault: (error: unknown, what: string) => void,
): void {
  live.subscribe(LIVE_SUBJECTS, {
    callback: (error, message) => {
      if (error) return onFault(error, "live subscription");
      try {
        const { first, frames } = unpackLive(message.string());
        deliver(message.subject.slice(LIVE_PREFIX_LENGTH), first, frames);
      } catch (fault) {
        onFault(fault, "live packet");
      }
    },
  });
}
