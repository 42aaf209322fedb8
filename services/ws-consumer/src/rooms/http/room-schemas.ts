import { At, Role, Room, Title, User } from "@parley/protocol/fields";
import { TITLE_LENGTH_MAX } from "@parley/protocol/limits";
import { MessageFrame } from "@parley/protocol/message";
import { CHANNEL_PATTERN } from "@parley/protocol/rooms";
import { LineText, NameText } from "@parley/protocol/text";
import { Type } from "typebox";

/** Members that a new group may have from the start, besides its owner. */
const FIRST_MEMBERS_MAX = 100;

export const UserId = LineText({ minLength: 1, maxLength: 128, description: "id of a user" });
const aliceId = "0199aaaa-0000-7000-8000-000000000001";
const bob = { id: "0199aaaa-0000-7000-8000-000000000002", username: "bob" };
const at = "2026-11-21T12:00:00.000Z";
const id = "G01J9ZK6Y3V4W5X6Y7Z8A9B0C1D";

export const MemberParams = Type.Object({ room: Room, user: UserId });

export const NewRoom = Type.Object(
  {
    kind: Type.Union([Type.Literal("channel"), Type.Literal("group")]),
    name: Type.Optional(
      NameText({
        minLength: 1,
        maxLength: TITLE_LENGTH_MAX,
        description: `a channel's name, ${CHANNEL_PATTERN}; of a group the same as title`,
      }),
    ),
    title: Type.Optional(Title),
    members: Type.Optional(
      Type.Array(UserId, {
        maxItems: FIRST_MEMBERS_MAX,
        description: "a group's first members, besides you",
      }),
    ),
  },
  {
    examples: [
      { kind: "group", title: "Lunch", members: [bob.id] },
      { kind: "channel", name: "dev", title: "Development" },
    ],
  },
);

export const RoomChanges = Type.Object(
  {
    title: Type.Optional(Type.Union([Title, Type.Null()])),
    isMuted: Type.Optional(Type.Boolean({ description: "for yourself" })),
    isPinned: Type.Optional(Type.Boolean({ description: "for yourself: first in your list" })),
  },
  { minProperties: 1, examples: [{ title: "Long lunch" }, { isMuted: true }] },
);

export const NewMember = Type.Object(
  { userId: UserId, role: Type.Optional(Role) },
  { examples: [{ userId: bob.id, role: "member" }] },
);
export const NewRole = Type.Object({ role: Role }, { examples: [{ role: "admin" }] });
export const DirectWith = Type.Object({ userId: UserId }, { examples: [{ userId: bob.id }] });

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const RoomShape = Type.Object({
  id: Room,
  kind: Type.Union([Type.Literal("channel"), Type.Literal("group"), Type.Literal("direct")]),
  title: Nullable(Type.String()),
  role: Nullable(Role),
  head: Type.Integer({ description: "the newest seq" }),
  createdBy: Nullable(Type.String()),
  createdAt: At,
  activeAt: At,
  lastMessage: Nullable(MessageFrame),
  readSeq: Type.Integer({ description: "how far you have read" }),
  unread: Type.Integer({ description: "messages of others after that; exact up to 1,000" }),
  isMuted: Type.Boolean(),
  isPinned: Type.Boolean(),
  with: Nullable(User),
});
export const ROOM_EXAMPLE = {
  id,
  kind: "group",
  title: "Lunch",
  role: "owner",
  head: 42,
  createdBy: aliceId,
  createdAt: at,
  activeAt: at,
  lastMessage: { type: "message", room: id, seq: 42, id: "m1", author: bob, body: "Hello", at },
  readSeq: 41,
  unread: 1,
  isMuted: false,
  isPinned: false,
  with: null,
};

export const MemberShape = Type.Object({
  user: User,
  role: Role,
  joinedAt: At,
  readSeq: Type.Integer({ description: "how far this member has read" }),
});
export const MEMBER_EXAMPLE = { user: bob, role: "member", joinedAt: at, readSeq: 41 };

export const Left = Type.Object({ room: Room, user: Type.String() });
export const LEFT_EXAMPLE = { room: id, user: bob.id };
