import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { READ_ASK_SUBJECT, type ReadAnswer } from "@parley/protocol/reads";
import type { ForwardRead } from "../../application/forward-read.ts";
import { requestConsumer } from "./request-consumer.ts";

/** Deadline of a consumer's answer, ms. */
const ANSWER_DEADLINE_MS = 2_000;

/** Forwards to a consumer, which has the database. */
export function createForwardRead(nats: NatsConnection): ForwardRead {
  return async (mark) => {
    const reply = await requestConsumer(nats, READ_ASK_SUBJECT, mark, ANSWER_DEADLINE_MS).catch(() => {
      throw new Refusal("unavailable", "read cursors cannot be stored now", { retryAfterMs: 1_000 });
    });
    const answer = reply.json<ReadAnswer>();
    if ("seq" in answer) return answer.seq;
    const text = answer.code === "not_a_member" ? "join the channel first" : "there is no such room";
    throw new Refusal(answer.code, text, { path: "/room" });
  };
}
