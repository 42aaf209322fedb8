import type { ShardPosition, StreamFacts } from "./shard-log.ts";

export type LogPlace = Readonly<{
  /** The cursor to go on from, in the stream that is there now. */
  cursor: number;
  /** The stream is another than the position counts in, or its contents are: the reason. */
  replaced?: string;
  /** Entries that left the log before they were stored: from, to. */
  lost?: readonly [number, number];
}>;

/**
 * Where to go on in a shard's stream. A stream that was made anew, restored from a backup or cut short by a power
 * failure uses seqs again: there the whole stream is read again, so that nothing acknowledged is skipped; what
 * Postgres has already is recognised by its key.
 */
export function findPlace(position: ShardPosition, facts: StreamFacts): LogPlace {
  const start = Math.max(facts.firstSeq, 1) - 1;
  const replaced = reasonForReplaced(position, facts);
  if (replaced !== undefined) return { cursor: start, replaced };
  if (start > position.cursor) return { cursor: position.cursor, lost: [position.cursor + 1, start] };
  return { cursor: position.cursor };
}

function reasonForReplaced(position: ShardPosition, facts: StreamFacts): string | undefined {
  const { cursor, cursorTime, streamCreated } = position;
  if (streamCreated === null) return "it is new to this database";
  if (facts.created !== streamCreated) return `it was made at ${facts.created}, not at ${streamCreated}`;
  if (facts.lastSeq < cursor) return `it ends at ${facts.lastSeq}, before the cursor ${cursor}`;
  if (cursorTime !== null && facts.cursorTime !== null && cursorTime !== facts.cursorTime)
    return `its entry ${cursor} is another than the one that was stored`;
  return undefined;
}
