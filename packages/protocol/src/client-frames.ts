import { type Static, Type } from "typebox";
import { After, Emoji, Id, Room, Seq } from "./fields.ts";
import { ROOMS_PER_RESUME_MAX, TOKEN_LENGTH_MAX } from "./limits.ts";
import { ListenRoom } from "./me.ts";
import { MessageContent } from "./message.ts";

/** `{"type":"message"}`; the type may be left out when `room` and `body` are there. */
export const PostFrame = Type.Object(
  {
    type: Type.Optional(Type.Literal("message")),
    id: Type.Optional(Id),
    room: Room,
    ...MessageContent.properties,
    receipt: Type.Optional(Type.Literal("stored", { description: "also tell when Postgres has it" })),
  },
  { $id: "PostFrame", examples: [{ type: "message", id: "m1", room: "general", body: "Hello" }] },
);
export type PostFrame = Static<typeof PostFrame>;

export const TypingFrame = Type.Object(
  { type: Type.Literal("typing"), room: Room, isTyping: Type.Boolean() },
  { $id: "TypingFrame", examples: [{ type: "typing", room: "general", isTyping: true }] },
);
export type TypingFrame = Static<typeof TypingFrame>;

export const ReadFrame = Type.Object(
  { type: Type.Literal("read"), id: Type.Optional(Id), room: Room, seq: Seq },
  { $id: "ReadFrame", examples: [{ type: "read", room: "general", seq: 42 }] },
);
export type ReadFrame = Static<typeof ReadFrame>;

export const ReactionFrame = Type.Object(
  {
    type: Type.Literal("reaction"),
    id: Type.Optional(Id),
    room: Room,
    seq: Seq,
    emoji: Emoji,
    remove: Type.Optional(Type.Boolean()),
    receipt: Type.Optional(
      Type.Literal("stored", {
        description: "also tell when Postgres has it, or `message_not_found` if there is no such message",
      }),
    ),
  },
  {
    $id: "ReactionFrame",
    examples: [{ type: "reaction", room: "general", seq: 42, emoji: "👍", remove: false }],
  },
);
export type ReactionFrame = Static<typeof ReactionFrame>;

export const AuthFrame = Type.Object(
  {
    type: Type.Literal("auth"),
    id: Type.Optional(Id),
    token: Type.String({ minLength: 1, maxLength: TOKEN_LENGTH_MAX }),
  },
  { $id: "AuthFrame", examples: [{ type: "auth", token: "eyJ…" }] },
);
export type AuthFrame = Static<typeof AuthFrame>;

export const PingFrame = Type.Object(
  { type: Type.Literal("ping"), id: Type.Optional(Id) },
  { $id: "PingFrame", examples: [{ type: "ping" }] },
);
export type PingFrame = Static<typeof PingFrame>;

export const SubscribeFrame = Type.Object(
  { type: Type.Literal("subscribe"), id: Type.Optional(Id), room: ListenRoom, after: Type.Optional(After) },
  { $id: "SubscribeFrame", examples: [{ type: "subscribe", room: "general", after: 41 }] },
);
export type SubscribeFrame = Static<typeof SubscribeFrame>;

export const ResumeFrame = Type.Object(
  {
    type: Type.Literal("resume"),
    id: Type.Optional(Id),
    rooms: Type.Record(ListenRoom, After, {
      additionalProperties: false,
      minProperties: 1,
      maxProperties: ROOMS_PER_RESUME_MAX,
      description: "the last seq that the client has, by room",
    }),
  },
  { $id: "ResumeFrame", examples: [{ type: "resume", rooms: { general: 41, dev: 7 } }] },
);
export type ResumeFrame = Static<typeof ResumeFrame>;

export const UnsubscribeFrame = Type.Object(
  { type: Type.Literal("unsubscribe"), id: Type.Optional(Id), room: ListenRoom },
  { $id: "UnsubscribeFrame", examples: [{ type: "unsubscribe", room: "general" }] },
);
export type UnsubscribeFrame = Static<typeof UnsubscribeFrame>;
