import type { Msg } from "@nats-io/transport-node";

/** What the log said to one publish, or to the commit of a batch. */
export type LogAnswer =
  | Readonly<{ kind: "stored"; seq: number; duplicate: boolean; batch?: string; count?: number }>
  /** Nobody listens on the subject: the stream is missing, or JetStream is not up yet. */
  | Readonly<{ kind: "absent" }>
  /** The log has no room; nothing of what was published is stored. */
  | Readonly<{ kind: "full"; reason: string }>
  /** Any other refusal. `batchDuplicate`: a batch is refused as a whole because one of its ids is stored already. */
  | Readonly<{ kind: "refused"; reason: string; batchDuplicate: boolean }>;

/** JetStream's error codes (server/errors.json). */
const BATCH_HAS_DUPLICATE = 10201;
const FULL: ReadonlySet<number> = new Set([
  10023, // insufficient resources
  10047, // insufficient storage resources available
  10077, // the store failed: maximum bytes exceeded, or the disk is full
  10122, // the account's limit of bytes for a stream
]);
const NO_RESPONDERS = 503;

type PubAck = Readonly<{
  stream?: string;
  seq?: number;
  duplicate?: boolean;
  batch?: string;
  count?: number;
  error?: { err_code?: number; description?: string };
}>;

/** Reads an answer. What is no answer of JetStream counts as a refusal. */
export function readAnswer(msg: Msg): LogAnswer {
  const text = msg.string();
  if (text === "") {
    if (msg.headers?.code === NO_RESPONDERS) return { kind: "absent" };
    return { kind: "refused", reason: "empty answer", batchDuplicate: false };
  }
  let ack: PubAck;
  try {
    ack = JSON.parse(text) as PubAck;
  } catch {
    return { kind: "refused", reason: "not an answer of JetStream", batchDuplicate: false };
  }
  if (ack.error !== undefined) return readError(ack.error);
  if (ack.seq === undefined || ack.seq < 1)
    return { kind: "refused", reason: "no sequence", batchDuplicate: false };
  const { seq, duplicate = false, batch, count } = ack;
  return batch === undefined || count === undefined
    ? { kind: "stored", seq, duplicate }
    : { kind: "stored", seq, duplicate, batch, count };
}

function readError({ err_code = 0, description = "" }: NonNullable<PubAck["error"]>): LogAnswer {
  const reason = `${description} (${err_code})`;
  if (FULL.has(err_code)) return { kind: "full", reason };
  return { kind: "refused", reason, batchDuplicate: err_code === BATCH_HAS_DUPLICATE };
}
