import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { STORED_SUBJECT } from "@parley/protocol/subjects";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { answerTo } from "../../nats/answer-request.ts";

const Question = Compile(Type.Object({ room: Type.String(), userId: Type.String(), id: Type.String() }));
const GROUP = "ws-consumer";

/** Returns the seq of a stored message; null if it is not stored. */
type FindStored = (room: string, userId: string, id: string) => Promise<number | null>;

/**
 * Answers producers that ask whether a message is stored: `{"seq": n}`, or `{"seq": null}` if it is not. While Postgres
 * cannot be reached there is no answer, so silence never means no. One instance answers each question.
 *
 * @returns a function that unsubscribes
 */
export function answerStored(nats: NatsConnection, findStored: FindStored): () => void {
  const answer = async (msg: Msg) => {
    const question: unknown = parse(msg.string());
    if (!Question.Check(question)) return;
    try {
      const seq = await findStored(question.room, question.userId, question.id);
      answerTo(msg, { seq });
    } catch {
      // No answer: the producer repeats the question.
    }
  };
  const callback = (error: Error | null, msg: Msg) => {
    if (!error) void answer(msg);
  };
  const subscription = nats.subscribe(STORED_SUBJECT, { queue: GROUP, callback });
  return () => subscription.unsubscribe();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
