import type { NatsConnection } from "@nats-io/transport-node";
import { packLive, withSeq } from "@parley/protocol/live";
import { liveSubject, progressSubject } from "@parley/protocol/subjects";
import type { LogEntry } from "../../application/shard-log.ts";
import type { StoredFeed } from "../../application/stored-feed.ts";

/** Most that goes into one core NATS message, bytes; half of what the server takes by default. */
const PACKET_BYTES_MAX = 512 * 1_024;

/**
 * Publishes what is stored by core NATS: `live.<room>` for every instance that has listeners, receipts for the
 * producers that wait, and progress. Nothing is kept for later: while the connection is lost it is not sent, and
 * listeners repair what they miss.
 */
export function createLivePublisher(nats: NatsConnection): StoredFeed {
  const publish = (subject: string, payload: string | Uint8Array) => {
    try {
      nats.publish(subject, payload);
    } catch {
      // The connection is closed, or the subject was not one: the same as a message that is lost on its way.
    }
  };
  return {
    deliver(room, first, entries) {
      const subject = liveSubject(room);
      for (const packet of packetsOf(first, entries)) publish(subject, packet);
    },
    receipt: (subject, room, id, seq) => publish(subject, JSON.stringify({ id, room, seq })),
    progress: (shard, cursor) => publish(progressSubject(shard), JSON.stringify({ shard, cursor })),
  };
}

/** Packs the frames of a room, in as few packets as their size allows. */
function* packetsOf(first: number, entries: readonly LogEntry[]): Generator<Uint8Array> {
  let start = first;
  let frames: string[] = [];
  let size = 0;
  for (const { text, bytes } of entries) {
    if (frames.length > 0 && size + bytes > PACKET_BYTES_MAX) {
      yield packLive(start, frames);
      start += frames.length;
      frames = [];
      size = 0;
    }
    frames.push(withSeq(text, start + frames.length));
    size += bytes;
  }
  if (frames.length > 0) yield packLive(start, frames);
}
