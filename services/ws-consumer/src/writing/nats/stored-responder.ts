import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { STORED_SUBJECT } from "@parley/protocol/subjects";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { answerTo } from "../../nats/answer-request.ts";

const Question = Compile(
  Type.Object({
    room: Type.String(),
    userId: Type.String(),
    id: Type.String(),
    target: Type.Optional(Type.Integer({ description: "of a reaction; a message has none" })),
  }),
);
const GROUP = "ws-consumer";

/**
 * Returns the seq of a stored message or, with `target`, of a reaction to it; null if it is not stored. `isMissing` says
 * that the target is no visible message.
 */
type FindStored = (
  room: string,
  userId: string,
  id: string,
  target?: number,
) => Promise<Readonly<{ seq: number | null; isMissing: boolean }>>;

/**
 * Answers producers that ask whether an entry is stored: `{"seq": n}`, `{"code": "message_not_found"}` for a reaction that
 * never will be, or `{"seq": null}`. While Postgres
 * cannot be reached there is no answer, so silence never means no. One instance answers each question.
 *
 * @returns a function that unsubscribes
 */
export function answerStored(nats: NatsConnection, findStored: FindStored): () => void {
  const answer = async (msg: Msg) => {
    const question: unknown = parse(msg.string());
    if (!Question.Check(question)) return;
    try {
      const { room, userId, id, target } = question;
      const { seq, isMissing } = await findStored(room, userId, id, target);
      answerTo(msg, seq === null && isMissing ? { code: "message_not_found" } : { seq });
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
