import type { Msg, NatsConnection } from "@nats-io/transport-node";
import {
  READ_ASK_SUBJECT,
  READ_SUBJECTS,
  type ReadAnswer,
  ReadMark,
  readSubject,
} from "@parley/protocol/reads";
import { Compile } from "typebox/compile";
import { answerTo } from "../../nats/answer-request.ts";
import type { MarkRead, TellRead } from "../mark-read.ts";
import { RoomError } from "../rules/rights.ts";

const GROUP = "ws-consumer";
const validator = Compile(ReadMark);

function markOf(msg: Msg): ReadMark | undefined {
  try {
    const mark: unknown = msg.json();
    return validator.Check(mark) ? mark : undefined;
  } catch {
    return undefined;
  }
}

/** Tells all consumers which cursors have moved. What gets lost is seen when a room is opened again. */
export function createTellRead(nats: NatsConnection): TellRead {
  return (mark) => {
    try {
      nats.publish(readSubject(mark.room), JSON.stringify(mark));
    } catch {
      // The connection is closed: the same as a message that is lost on its way.
    }
  };
}

/** Hears which cursors have moved, here and at the other consumers. */
export function listenToReads(nats: NatsConnection, onMoved: (mark: ReadMark) => void): () => void {
  const callback = (error: Error | null, msg: Msg) => {
    const mark = error ? undefined : markOf(msg);
    if (mark) onMoved(mark);
  };
  const subscription = nats.subscribe(READ_SUBJECTS, { callback });
  return () => subscription.unsubscribe();
}

/**
 * Moves cursors for producers that ask. One instance answers each; while Postgres cannot be asked there is no answer.
 * Gives the function that ends it.
 */
export function answerReads(nats: NatsConnection, markRead: MarkRead): () => void {
  const respond = async (msg: Msg) => {
    const mark = markOf(msg);
    if (!mark) return;
    try {
      const seq = await markRead(mark);
      answerTo(msg, { seq } satisfies ReadAnswer);
    } catch (error) {
      if (error instanceof RoomError) answerTo(msg, { code: error.code });
    }
  };
  const callback = (error: Error | null, msg: Msg) => {
    if (!error) void respond(msg);
  };
  const subscription = nats.subscribe(READ_ASK_SUBJECT, { queue: GROUP, callback });
  return () => subscription.unsubscribe();
}
