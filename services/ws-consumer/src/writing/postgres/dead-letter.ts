import type { PoisonEntry } from "../shard-log.ts";

/** Makes the row of `chat.dead_letters` for an entry that cannot be stored. */
export function deadLetterOf(shard: number, { logSeq, reason, original }: PoisonEntry) {
  const { subject, headers, payload } = original();
  return {
    shard,
    log_seq: logSeq,
    reason: storable(reason),
    subject: storable(subject),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [storable(name), values.map(storable)]),
    ),
    payload: Buffer.from(payload).toString("base64"),
  };
}

/** Replaces NUL and lone surrogates, which Postgres cannot store. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
