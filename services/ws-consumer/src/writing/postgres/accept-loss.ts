import type { Database } from "@parley/runtime/postgres";

const MOVE = `
update chat.shards s set cursor = $2, cursor_time = null, epoch = s.epoch + 1
from (select cursor from chat.shards where shard = $1) before
where s.shard = $1 and s.cursor < $2
returning before.cursor`;

/**
 * Moves a shard's cursor past entries that left the log before they were stored. The epoch goes up: a writer that waits
 * for them stops, and the next one reads the new cursor.
 *
 * @param firstSeq first sequence that the shard's stream still has
 * @returns the first and last sequence that are given up; undefined if none is missing
 */
export async function acceptLoss(
  database: Database,
  shard: number,
  firstSeq: number,
): Promise<readonly [number, number] | undefined> {
  const [moved] = await database.query<{ cursor: number }>(MOVE, [shard, firstSeq - 1]);
  return moved && [moved.cursor + 1, firstSeq - 1];
}
