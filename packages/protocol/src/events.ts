import { type Static, type TSchema, Type } from "typebox";
import { At, Role, Room, Seq, StoredBody, StoredEmoji, StoredId, StoredTitle, User } from "./fields.ts";

const base = { room: Room, id: StoredId, author: User, at: At };
const target = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "seq of the message that it changes",
});

/**
 * The events of a room. An event is an entry of the log like a message, so it gets a seq in the same order, live and in a
 * resume. `author` is the user who caused it. Values are absolute, so that applying an event twice changes nothing.
 */
export const EVENTS = {
  member_joined: Type.Object({
    type: Type.Literal("member_joined"),
    ...base,
    user: User,
    role: Role,
    readSeq: Type.Optional(
      Type.Integer({ minimum: 0, description: "messages up to this seq do not count as unread" }),
    ),
  }),
  member_left: Type.Object({ type: Type.Literal("member_left"), ...base, user: User }),
  member_role: Type.Object({ type: Type.Literal("member_role"), ...base, user: User, role: Role }),
  message_edited: Type.Object({ type: Type.Literal("message_edited"), ...base, target, body: StoredBody }),
  message_deleted: Type.Object({ type: Type.Literal("message_deleted"), ...base, target }),
  reaction: Type.Object({
    type: Type.Literal("reaction"),
    ...base,
    target,
    emoji: StoredEmoji,
    remove: Type.Boolean(),
  }),
  room_updated: Type.Object({
    type: Type.Literal("room_updated"),
    ...base,
    title: Type.Union([StoredTitle, Type.Null()]),
    isDeleted: Type.Optional(Type.Literal(true, { description: "nothing follows; the room is gone" })),
  }),
} as const;

export type EventType = keyof typeof EVENTS;
export type LogEventOf<T extends EventType> = Static<(typeof EVENTS)[T]>;
/** An event as the log holds it. */
export type LogEvent = { [T in EventType]: LogEventOf<T> }[EventType];

const person = { id: "0199…", username: "alice" };
const seen = { room: "general", id: "0199…", author: person, at: "2026-11-21T12:00:00.000Z" };

function frameOf<S extends (typeof EVENTS)[EventType]>($id: string, schema: S, example: object) {
  const { type, ...rest } = schema.properties as Record<string, TSchema>;
  const examples = [{ type: (type as unknown as { const: string }).const, seq: 43, ...seen, ...example }];
  return Type.Object({ type: type as TSchema, seq: Seq, ...rest }, { $id, examples });
}

/** The events as members see them: with their seq. */
export const MemberJoinedFrame = frameOf("MemberJoinedFrame", EVENTS.member_joined, {
  user: person,
  role: "member",
});
export const MemberLeftFrame = frameOf("MemberLeftFrame", EVENTS.member_left, { user: person });
export const MemberRoleFrame = frameOf("MemberRoleFrame", EVENTS.member_role, {
  user: person,
  role: "admin",
});
export const MessageEditedFrame = frameOf(
  "MessageEditedFrame",
  // The edits of a message that was deleted later have an empty body in a resume.
  Type.Object({ ...EVENTS.message_edited.properties, body: Type.String() }) as never,
  { target: 42, body: "Hello!" },
);
export const MessageDeletedFrame = frameOf("MessageDeletedFrame", EVENTS.message_deleted, { target: 42 });
export const ReactionEventFrame = frameOf("ReactionEventFrame", EVENTS.reaction, {
  target: 42,
  emoji: "👍",
  remove: false,
});
export const RoomUpdatedFrame = frameOf("RoomUpdatedFrame", EVENTS.room_updated, { title: "Lunch" });

/** A member has read up to a seq, which never decreases. It is no entry of the log. */
export const ReadNoticeFrame = Type.Object(
  { type: Type.Literal("read"), room: Room, user: User, seq: Type.Integer({ minimum: 0 }) },
  { $id: "ReadNoticeFrame", examples: [{ type: "read", room: "general", user: person, seq: 42 }] },
);
export type ReadNoticeFrame = Static<typeof ReadNoticeFrame>;

/** The type of a frame that a room delivers, found without parsing: inside a JSON string every quote is escaped. */
export function frameTypeOf(frame: string): string {
  const at = frame.indexOf('"type":"');
  if (at === -1 || frame.startsWith('message"', at + 8)) return "message";
  return frame.slice(at + 8, frame.indexOf('"', at + 8));
}

/** The same if it is an event of a room. */
export function eventTypeOf(frame: string): EventType | undefined {
  const type = frameTypeOf(frame);
  return Object.hasOwn(EVENTS, type) ? (type as EventType) : undefined;
}
