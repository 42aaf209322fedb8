import type { ShardPosition, StreamFacts } from "./shard-log.ts";

/**
 * Messages left the log before they were stored: the database was restored from a back-up that is older than the log.
 * The writer waits until one is restored that has them, or somebody decides to go on without (`make accept-loss`).
 */
export class MissingEntriesError extends Error {
  override readonly name = "MissingEntriesError";
  readonly code = "MISSING_ENTRIES";

  constructor(first: number, last: number) {
    super(
      `log entries ${first} to ${last} left the log before they were stored: restore a newer back-up, or make accept-loss`,
    );
  }
}

/** Where a writer continues in its shard's stream. */
type ResumePoint = Readonly<{
  /** Cursor in the stream that exists now. */
  cursor: number;
  /** Why the cursor does not belong to this stream or its contents; undefined if it does. */
  replaced?: string;
}>;

/**
 * Compares a shard's position with its stream. A stream that was created again, restored from a backup or cut short by a
 * power failure uses sequences a second time (docs/decisions/0005). Then all of it is read from the start, so that
 * nothing acknowledged is skipped; Postgres recognises what it has by the entries' keys.
 *
 * @throws {MissingEntriesError}
 */
export function findResumePoint(position: ShardPosition, facts: StreamFacts): ResumePoint {
  const start = Math.max(facts.firstSeq, 1) - 1;
  if (start > position.cursor) throw new MissingEntriesError(position.cursor + 1, start);
  const replaced = reasonForReplaced(position, facts);
  if (replaced !== undefined) return { cursor: start, replaced };
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
