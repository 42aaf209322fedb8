import { type Static, type TSchema, Type } from "typebox";
import { Clean } from "typebox/value";
import { At, Body, Room, Seq, StoredBody, StoredId, User } from "./fields.ts";

/**
 * Optional fields of a message's content. **A new optional field is added here and nowhere else**: the client frame,
 * the HTTP body, the log entry, the stored row (column `extra`) and the delivered frame are made from this object.
 *
 * @example `priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 }))`
 */
const EXTRA: Readonly<Record<string, TSchema>> = {};

/** The optional fields that a message has; unknown keys are removed, also in nested objects. */
export const MessageExtra = Type.Object({ ...EXTRA }, { additionalProperties: false });
export type MessageExtra = Static<typeof MessageExtra>;

const EXTRA_KEYS = Object.keys(EXTRA) as (keyof MessageExtra)[];

/** What a client writes: the text, the message it replies to, and the optional fields. */
export const MessageContent = Type.Object({
  body: Body,
  replyTo: Type.Optional(Seq),
  ...MessageExtra.properties,
});
export type MessageContent = Static<typeof MessageContent>;

/** A message in the log: what members see, without the seq that Postgres gives it. */
export const LogMessage = Type.Object({
  type: Type.Literal("message"),
  room: Room,
  id: StoredId,
  author: User,
  body: StoredBody,
  at: At,
  replyTo: Type.Optional(Seq),
  ...MessageExtra.properties,
});
export type LogMessage = Static<typeof LogMessage>;

/** A message as members see it: live, in a resume and in history. */
export const MessageFrame = Type.Object(
  {
    type: Type.Literal("message"),
    room: Room,
    seq: Seq,
    id: StoredId,
    author: User,
    body: Type.String({ description: "the text; empty once the message is deleted" }),
    at: At,
    replyTo: Type.Optional(Seq),
    ...MessageExtra.properties,
    editedAt: Type.Optional(At),
    deletedAt: Type.Optional(At),
    replies: Type.Optional(Type.Integer({ description: "history: how many replies it has; up to 1,000" })),
    reactions: Type.Optional(
      Type.Array(Type.Object({ emoji: Type.String(), count: Type.Integer(), mine: Type.Boolean() }), {
        description: "history: reactions to it, the oldest first",
      }),
    ),
  },
  {
    $id: "MessageFrame",
    examples: [
      {
        type: "message",
        room: "general",
        seq: 42,
        id: "m1",
        author: { id: "0199…", username: "alice" },
        body: "Hello",
        at: "2026-11-21T12:00:00.000Z",
      },
    ],
  },
);
export type MessageFrame = Static<typeof MessageFrame>;

/** The optional fields that an object with a message's content has; undefined if it has none. */
export function extraOf(source: MessageExtra): MessageExtra | undefined {
  let extra: Record<string, unknown> | undefined;
  for (const key of EXTRA_KEYS)
    if (source[key] !== undefined) {
      extra ??= {};
      extra[key] = structuredClone(source[key]);
    }
  return extra && (Clean(MessageExtra, extra) as MessageExtra);
}

/** The content of a validated client frame or HTTP body, without its other keys. */
export function contentOf(source: MessageContent): MessageContent {
  const { body, replyTo } = source;
  const content = replyTo === undefined ? { body } : { body, replyTo };
  const extra = extraOf(source);
  return extra === undefined ? content : { ...content, ...extra };
}

type Head = Pick<LogMessage, "room" | "id" | "at"> & Readonly<{ author: Static<typeof User> }>;

/** Makes the log's message. The order of its keys is fixed, so that live and history differ in the seq only. */
export function logMessageOf({ room, id, author, at }: Head, content: MessageContent): LogMessage {
  const { body, replyTo } = content;
  const message: LogMessage = {
    type: "message",
    room,
    id,
    author: { id: author.id, username: author.username },
    body,
    at,
  };
  if (replyTo !== undefined) message.replyTo = replyTo;
  const extra = extraOf(content);
  return extra === undefined ? message : Object.assign(message, extra);
}
