import type { Msg } from "@nats-io/transport-node";
import { ANSWER_PREFIX } from "@parley/protocol/subjects";

/** Answers a question; one that wants its answer anywhere but below `answer.` gets none. */
export function answerTo(msg: Msg, answer: object): void {
  if (msg.reply?.startsWith(ANSWER_PREFIX)) msg.respond(JSON.stringify(answer));
}
