import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { type StoredAnswer, type StoredQuestion, StoredRequest } from "@parley/protocol/stored";
import { STORED_SUBJECT } from "@parley/protocol/subjects";
import { listen, type OnFault } from "@parley/runtime/listen";
import { Compile } from "typebox/compile";
import { answerTo } from "../../nats/answer-request.ts";

const validator = Compile(StoredRequest);
const GROUP = "ws-consumer";

/** Looks stored entries up; null for one that is not stored. */
type FindStored = (entries: readonly StoredQuestion[]) => Promise<readonly (StoredAnswer | null)[]>;

/**
 * Answers producers that ask whether entries are stored. While Postgres cannot be reached there is no answer, so silence
 * never means no. One instance answers each request.
 *
 * @returns a function that unsubscribes
 */
export function answerStored(nats: NatsConnection, findStored: FindStored, onFault: OnFault): () => void {
  const answer = async (msg: Msg) => {
    const request: unknown = msg.json();
    if (!validator.Check(request)) return;
    const answers = await findStored(request.entries).catch(() => undefined);
    if (answers) answerTo(msg, answers);
  };
  return listen(nats, STORED_SUBJECT, answer, onFault, { queue: GROUP });
}
