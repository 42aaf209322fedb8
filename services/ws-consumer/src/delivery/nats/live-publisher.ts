import type { NatsConnection } from "@nats-io/transport-node";
import { packLive, withSeq } from "@parley/protocol/live";
import { liveSubject, progressSubject } from "@parley/protocol/subjects";
import type { StoredFeed } from "../../writing/stored-feed.ts";
import type { DeliverFrames } from "../local-feed.ts";

/** Most that goes into one core NATS message, bytes; half of what the server takes by default. */
const PACKET_BYTES_MAX = 512 * 1_024;

type Parts = Readonly<{
  /** For receipts and progress. */
  nats: NatsConnection;
  /** For live frames: without echo, or the listeners here would be handed everything twice. */
  live: NatsConnection;
  /** Hands frames to the listeners on this instance; must not throw. */
  deliverHere: DeliverFrames;
}>;

/**
 * Tells what is stored: the listeners here directly, those of the other instances by core NATS (`live.<room>`), as
 * well as receipts for the producers that wait, and progress. Nothing is kept for later: while the connection is lost
 * it is not sent, and listeners repair what they miss.
 */
export function createLivePublisher({ nats, live, deliverHere }: Parts): StoredFeed {
  const tell = (room: string, first: number, frames: readonly string[]) => {
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
          tell(room, start, frames);
          start += frames.length;
          frames = [];
          size = 0;
        }
        frames.push(withSeq(text, start + frames.length));
        size += bytes;
      }
      if (frames.length > 0) tell(room, start, frames);
    },
    receipt: (subject, room, id, seq) => publish(nats, subject, JSON.stringify({ id, room, seq })),
    progress: (shard, cursor) => publish(nats, progressSubject(shard), JSON.stringify({ shard, cursor })),
  };
}

function publish(nats: NatsConnection, subject: string, payload: string | Uint8Array): void {
  try {
    nats.publish(subject, payload);
  } catch {
    // The connection is closed, or the subject was not one: the same as a message that is lost on its way.
  }
}
