import type { Msg, NatsConnection } from "@nats-io/transport-node";
import {
  READ_ASK_SUBJECT,
  READ_SUBJECTS,
  type ReadAnswer,
  ReadMark,
  readSubject,
} from "@parley/protocol/reads";
import { listen, type OnFault } from "@parley/runtime/listen";
import { Compile } from "typebox/compile";
import { answerTo } from "../../nats/answer-request.ts";
import type { MarkRead, PublishRead } from "../mark-read.ts";
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

/**
 * Creates the announcement of moved read cursors to all instances. A lost one is corrected when the room is opened
 * again.
 */
export function createPublishRead(nats: NatsConnection): PublishRead {
  return (mark) => {
    try {
      nats.publish(readSubject(mark.room), JSON.stringify(mark));
    } catch {
      // The connection is closed: the same as a message that is lost on its way.
    }
  };
}

/** Subscribes to moved read cursors of all instances; returns a function that unsubscribes. */
export function listenToReads(
  nats: NatsConnection,
  onMoved: (mark: ReadMark) => void,
  onFault: OnFault,
): () => void {
  const receive = (msg: Msg) => {
    const mark = markOf(msg);
    if (mark) onMoved(mark);
  };
  return listen(nats, READ_SUBJECTS, receive, onFault);
}

/**
 * Moves read cursors at the request of producers. One instance answers each request; while Postgres cannot be reached
 * there is no answer.
 *
 * @returns a function that unsubscribes
 */
export function answerReads(nats: NatsConnection, markRead: MarkRead, onFault: OnFault): () => void {
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
  return listen(nats, READ_ASK_SUBJECT, respond, onFault, { queue: GROUP });
}
