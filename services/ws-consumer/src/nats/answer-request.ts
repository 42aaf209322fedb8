import type { Msg } from "@nats-io/transport-node";
import { ANSWER_PREFIX } from "@parley/protocol/subjects";

/**
 * Answers a request, unless its reply subject is outside `answer.`: a requester could publish with this service's
 * permissions otherwise.
 */
export function answerTo(msg: Msg, answer: object): void {
  if (msg.reply?.startsWith(ANSWER_PREFIX)) msg.respond(JSON.stringify(answer));
}
