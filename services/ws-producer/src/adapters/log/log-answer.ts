import type { Msg } from "@nats-io/transport-node";

/** What the log said to a publish. */
export type LogAnswer =
  | Readonly<{ kind: "stored"; seq: number; duplicate: boolean }>
  /** Nobody listens on the subject: the stream is missing, or JetStream is not up yet. */
  | Readonly<{ kind: "absent" }>
  /** The log has no room; nothing of what was published is stored. */
  | Readonly<{ kind: "full"; reason: string }>
  /** Any other refusal. */
  | Readonly<{ kind: "refused"; reason: string }>;

/** JetStream's error codes (server/errors.json). */
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
  error?: { err_code?: number; description?: string };
}>;

/** Reads an answer. What is no answer of JetStream counts as a refusal. */
export function readAnswer(msg: Msg): LogAnswer {
  const text = msg.string();
  if (text === "") {
    if (msg.headers?.code === NO_RESPONDERS) return { kind: "absent" };
    return { kind: "refused", reason: "empty answer" };
  }
  let ack: PubAck;
  try {
    ack = JSON.parse(text) as PubAck;
  } catch {
    return { kind: "refused", reason: "not an answer of JetStream" };
  }
  if (ack.error !== undefined) return readError(ack.error);
  if (ack.seq === undefined || ack.seq < 1) return { kind: "refused", reason: "no sequence" };
  const { seq, duplicate = false } = ack;
  return { kind: "stored", seq, duplicate };
}

function readError({ err_code = 0, description = "" }: NonNullable<PubAck["error"]>): LogAnswer {
  const reason = `${description} (${err_code})`;
  if (FULL.has(err_code)) return { kind: "full", reason };
  return { kind: "refused", reason };
}
