import { type Static, Type } from "typebox";
import { ERROR_STATUS, type ErrorCode } from "./codes.ts";
import { After, At, Id, Room, Seq, User } from "./fields.ts";
import { ListenRoom } from "./me.ts";
import { ROOM_PATTERN } from "./rooms.ts";

export const HelloFrame = Type.Object(
  {
    type: Type.Literal("hello"),
    protocol: Type.Literal("parley.v1"),
    service: Type.Union([Type.Literal("producer"), Type.Literal("consumer")]),
    user: User,
    connection: Type.String(),
    heartbeatMs: Type.Integer(),
    limits: Type.Object({
      bodyLength: Type.Integer(),
      frameBytes: Type.Integer(),
      messagesPerSecond: Type.Integer(),
      roomsPerResume: Type.Integer(),
      roomsPerSocket: Type.Integer(),
      workPerSecond: Type.Integer({
        description: "cost units that the socket may use in a second, for long",
      }),
      workBurst: Type.Integer({ description: "cost units that it may use at once after a pause" }),
      costs: Type.Record(Type.String(), Type.Number(), {
        description: "cost units by type of frame; a `resume` costs one `subscribe` for each of its rooms",
      }),
    }),
    commands: Type.Array(Type.String()),
  },
  { $id: "HelloFrame" },
);
export type HelloFrame = Static<typeof HelloFrame>;

export const AckFrame = Type.Object(
  {
    type: Type.Literal("ack"),
    id: Id,
    room: Room,
    stored: Type.Literal("log", { description: "the log has it on disk" }),
    duplicate: Type.Boolean({ description: "this id was acknowledged before" }),
    at: At,
  },
  { $id: "AckFrame" },
);
export type AckFrame = Static<typeof AckFrame>;

/** The answer to `read`: the cursor afterwards. */
export const ReadAckFrame = Type.Object(
  { type: Type.Literal("ack"), id: Type.Optional(Id), room: Room, seq: After },
  { $id: "ReadAckFrame", examples: [{ type: "ack", room: "general", seq: 42 }] },
);
export type ReadAckFrame = Static<typeof ReadAckFrame>;

export const StoredFrame = Type.Object(
  { type: Type.Literal("stored"), id: Id, room: Room, seq: Seq },
  { $id: "StoredFrame" },
);
export type StoredFrame = Static<typeof StoredFrame>;

export const AuthenticatedFrame = Type.Object(
  { type: Type.Literal("authenticated"), id: Type.Optional(Id), expiresAt: At },
  { $id: "AuthenticatedFrame" },
);
export const TokenExpiringFrame = Type.Object(
  { type: Type.Literal("token_expiring"), inMs: Type.Integer() },
  { $id: "TokenExpiringFrame" },
);
export const PongFrame = Type.Object(
  { type: Type.Literal("pong"), id: Type.Optional(Id), at: At },
  { $id: "PongFrame" },
);
export const DrainingFrame = Type.Object(
  { type: Type.Literal("draining"), retryAfterMs: Type.Integer() },
  { $id: "DrainingFrame" },
);

export const ErrorFrame = Type.Object(
  {
    type: Type.Literal("error"),
    id: Type.Optional(Type.String()),
    code: Type.Union((Object.keys(ERROR_STATUS) as ErrorCode[]).map((code) => Type.Literal(code))),
    message: Type.String(),
    retryAfterMs: Type.Optional(Type.Integer()),
    path: Type.Optional(Type.String({ description: "JSON Pointer to the invalid field" })),
  },
  { $id: "ErrorFrame" },
);
export type ErrorFrame = Static<typeof ErrorFrame>;

export const SubscribedFrame = Type.Object(
  {
    type: Type.Literal("subscribed"),
    id: Type.Optional(Id),
    room: ListenRoom,
    head: After,
    outcome: Type.Union(
      [Type.Literal("resumed"), Type.Literal("live"), Type.Literal("gap"), Type.Literal("reset")],
      {
        description:
          "resumed: what is missing follows. live: only what is new. gap: more was missed than is replayed; the newest " +
          "page follows, and GET /api/v1/rooms/:room/events has the rest. reset: `after` is beyond the head, as after a " +
          "restored backup: drop what you have of the room, the newest page follows.",
      },
    ),
    online: Type.Optional(
      Type.Integer({
        description:
          "users who have the room open, you included; up to 100 the others were told before, each by a `presence`",
      }),
    ),
    from: Type.Optional(Type.Integer({ description: "gap: the first seq that is not replayed" })),
    to: Type.Optional(Type.Integer({ description: "gap: the last seq that is not replayed" })),
  },
  { $id: "SubscribedFrame" },
);
export type SubscribedFrame = Static<typeof SubscribedFrame>;

export const CaughtUpFrame = Type.Object(
  { type: Type.Literal("caught_up"), room: ListenRoom, seq: After },
  { $id: "CaughtUpFrame" },
);
export const UnsubscribedFrame = Type.Object(
  { type: Type.Literal("unsubscribed"), id: Type.Optional(Id), room: ListenRoom },
  { $id: "UnsubscribedFrame" },
);

/** A user is typing, or has stopped. It expires by itself; it is not stored and may be lost. */
export const TypingNoticeFrame = Type.Object(
  { type: Type.Literal("typing"), room: Room, user: User, isTyping: Type.Boolean() },
  {
    $id: "TypingNoticeFrame",
    examples: [{ type: "typing", room: "general", user: { id: "0199…", username: "alice" }, isTyping: true }],
  },
);
export type TypingNoticeFrame = Static<typeof TypingNoticeFrame>;

/** A user with whom the client shares a room came online or went offline. It is not stored and may be lost. */
export const PresenceFrame = Type.Object(
  {
    type: Type.Literal("presence"),
    user: User,
    isOnline: Type.Boolean(),
    lastSeen: Type.Union([At, Type.Null()]),
    leftRoom: Type.Optional(
      Type.String({
        pattern: ROOM_PATTERN,
        description: "the user, who is online still, no longer has this room open",
      }),
    ),
  },
  {
    $id: "PresenceFrame",
    examples: [
      {
        type: "presence",
        user: { id: "0199…", username: "alice" },
        isOnline: false,
        lastSeen: "2026-11-21T12:00:00.000Z",
      },
    ],
  },
);
export type PresenceFrame = Static<typeof PresenceFrame>;

/** In a room that more than 100 users have open, instead of `presence` for each. It is not stored and may be lost. */
export const RoomPresenceFrame = Type.Object(
  {
    type: Type.Literal("room_presence"),
    room: Room,
    online: Type.Integer({ description: "users who have the room open" }),
    came: Type.Array(User, {
      description: "who has opened the room since the frame before; the latest only, if many have",
    }),
    left: Type.Array(User, { description: "the same of those who have it open no longer" }),
  },
  {
    $id: "RoomPresenceFrame",
    examples: [
      {
        type: "room_presence",
        room: "general",
        online: 1234,
        came: [{ id: "0199…", username: "alice" }],
        left: [],
      },
    ],
  },
);
export type RoomPresenceFrame = Static<typeof RoomPresenceFrame>;
