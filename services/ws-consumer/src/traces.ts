import { eventKey, messageKey } from "@parley/protocol/log";
import { isSampled, type Traced, traceIdOf } from "@parley/protocol/trace";
import { now, type Traces } from "@parley/runtime/traces";
import type { DeliverFrames } from "./delivery/local-delivery.ts";
import type { LogEntry } from "./writing/shard-log.ts";
import type { Batch, ShardStore, Written } from "./writing/shard-store.ts";

const NS_PER_MS = 1e6;
/** The beginning of a delivered frame, as producers write it. */
const HEAD =
  /^\{"seq":\d+,"type":"(message|reaction)","room":"[^"\\]*","id":"([^"\\]*)","author":\{"id":"([^"\\]*)"/;

const isTraced = (type: string): type is Traced["type"] => type === "message" || type === "reaction";

/** The trace of an entry, if it is sampled. */
function sampledTrace({ type, room, userId, id }: Traced, ratio: number): string | undefined {
  const key = type === "message" ? messageKey(room, userId, id) : eventKey(room, userId, type, id);
  return isSampled(key, ratio) ? traceIdOf({ type, room, userId, id }) : undefined;
}

function traceOfEntry({ room, id, content }: LogEntry, ratio: number): string | undefined {
  const { type, author } = content;
  if (!isTraced(type)) return undefined;
  return sampledTrace({ type, room, userId: author.id, id }, ratio);
}

function traceOfFrame(room: string, frame: string, ratio: number): string | undefined {
  const [, type, id, userId] = HEAD.exec(frame) ?? [];
  if (id !== undefined && userId !== undefined)
    return sampledTrace({ type: type as Traced["type"], room, userId, id }, ratio);
  // Escaped characters in its id, or another type of event.
  const event = JSON.parse(frame) as { type: string; id?: string; author?: { id: string } };
  if (!isTraced(event.type) || event.id === undefined || event.author === undefined) return undefined;
  return sampledTrace({ type: event.type, room, userId: event.author.id, id: event.id }, ratio);
}

/**
 * Stores as `store` does, and records `batch`, a trace of its own that links to the sampled entries in it, and `store` of
 * each of them: from the log to the commit.
 */
export function traceWrites(store: ShardStore, traces: Traces): ShardStore {
  return {
    ...store,
    async write(position, batch) {
      const start = now();
      let written: Written | undefined;
      try {
        written = await store.write(position, batch);
        return written;
      } finally {
        const end = now();
        const links = recordEntries(traces, batch, written, end);
        const attributes = { "parley.shard": position.shard, "parley.entries": batch.entries.length };
        const error = written ? undefined : "not_written";
        if (links.length > 0) traces.record({ name: "batch", start, end, links, attributes, error });
      }
    },
  };
}

/** Records `store` of the sampled entries of a batch, and returns their traces. */
function recordEntries(
  traces: Traces,
  { entries }: Batch,
  written: Written | undefined,
  end: number,
): string[] {
  const sampled: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const trace = traceOfEntry(entry, traces.ratio);
    if (trace === undefined) continue;
    sampled.push(trace);
    if (!written) continue;
    const attributes = {
      "parley.room": entry.room,
      "parley.seq": written.seqs[index] ?? 0,
      "parley.log_seq": entry.logSeq,
      "parley.known": written.known.has(index),
    };
    traces.record({ name: "store", trace, start: Number(entry.logTime) / NS_PER_MS, end, attributes });
  }
  return sampled;
}

/** Delivers as `deliver` does, and records `deliver` of the sampled entries: handing them to the sockets of this instance. */
export function traceDelivery(deliver: DeliverFrames, traces: Traces): DeliverFrames {
  return (room, first, frames) => {
    const start = now();
    deliver(room, first, frames);
    for (const [index, frame] of frames.entries()) {
      const trace = traceOfFrame(room, frame, traces.ratio);
      if (trace === undefined) continue;
      const attributes = { "parley.room": room, "parley.seq": first + index };
      traces.record({ name: "deliver", trace, start, end: now(), attributes });
    }
  };
}
