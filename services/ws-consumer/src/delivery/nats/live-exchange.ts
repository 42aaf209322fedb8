import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { packLive, unpackLive, withSeq } from "@parley/protocol/live";
import { LIVE_SUBJECTS, liveSubject, progressSubject } from "@parley/protocol/subjects";
import { listen, type OnFault } from "@parley/runtime/listen";
import type { StoredPublisher } from "../../writing/store-batch.ts";
import type { DeliverFrames } from "../local-delivery.ts";

/** Maximum size of one core NATS message, bytes: half of the server's default limit. */
const PACKET_BYTES_MAX = 512 * 1_024;
const LIVE_PREFIX_LENGTH = LIVE_SUBJECTS.length - 1;

type PublisherDependencies = Readonly<{
  /** For receipts and progress. */
  nats: NatsConnection;
  /** For live frames. Without echo: otherwise this instance would deliver each frame twice. */
  live: NatsConnection;
  /** Delivers frames on this instance; must not throw. */
  deliverHere: DeliverFrames;
  publishUserEvents: StoredPublisher["userEvents"];
}>;

/**
 * Publishes what the writers of this instance have stored: frames to the listeners here directly and to other instances
 * on `live.<room>`, receipts to the senders that wait, and progress. Nothing is buffered while the connection is lost:
 * hubs read what they miss from Postgres.
 */
export function createLivePublisher({
  nats,
  live,
  deliverHere,
  publishUserEvents,
}: PublisherDependencies): StoredPublisher {
  const send = (room: string, first: number, frames: readonly string[]) => {
    publish(live, liveSubject(room), packLive(first, frames));
    deliverHere(room, first, frames);
  };
  return {
    deliver(room, first, entries) {
      let start = first;
      let frames: string[] = [];
      let size = 0;
      for (const { text, bytes } of entries) {
        if (frames.length > 0 && size + bytes > PACKET_BYTES_MAX) {
          send(room, start, frames);
          start += frames.length;
          frames = [];
          size = 0;
        }
        frames.push(withSeq(text, start + frames.length));
        size += bytes;
      }
      if (frames.length > 0) send(room, start, frames);
    },
    receipt: (subject, room, id, seq) => publish(nats, subject, JSON.stringify({ id, room, seq })),
    targetMissing: (subject, room, id) =>
      publish(nats, subject, JSON.stringify({ id, room, code: "message_not_found" })),
    userEvents: publishUserEvents,
    progress: (shard, cursor) => publish(nats, progressSubject(shard), JSON.stringify({ shard, cursor })),
  };
}

function publish(nats: NatsConnection, subject: string, payload: string | Uint8Array): void {
  try {
    nats.publish(subject, payload);
  } catch {
    // The connection is closed or the subject invalid: the same as a message that is lost on its way.
  }
}

/** Delivers the frames that writers of other instances publish, in the order of arrival. */
export function subscribeLive(live: NatsConnection, deliver: DeliverFrames, onFault: OnFault): void {
  const receive = (message: Msg) => {
    const { first, frames } = unpackLive(message.string());
    deliver(message.subject.slice(LIVE_PREFIX_LENGTH), first, frames);
  };
  listen(live, LIVE_SUBJECTS, receive, onFault);
}
