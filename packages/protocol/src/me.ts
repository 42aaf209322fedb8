import { type Static, Type } from "typebox";
import { EVENTS } from "./events.ts";
import { At, Room, Seq } from "./fields.ts";
import { ROOM_PATTERN } from "./rooms.ts";

/** The user's own room, for clients. It has a seq of its own, and is resumed like any room. */
export const ME = "@me";
const PREFIX = `${ME}/`;
/** Events of a user that are kept; a client that is further behind gets a `gap`. */
export const USER_EVENTS_MAX = 1_000;

/** Name of one user's own room inside and between the consumers; no room of `ROOM_PATTERN` has such a name. */
export const meOf = (userId: string): string => PREFIX + userId;
/** The user whose own room this is; undefined for any other room. */
export const userOfMe = (room: string): string | undefined =>
  room.startsWith(PREFIX) ? room.slice(PREFIX.length) : undefined;
/** The name of a room as clients know it. */
export const nameOf = (room: string): string => (room.startsWith(PREFIX) ? ME : room);

/** Name of a room that can be subscribed to. */
export const LISTEN_PATTERN = ROOM_PATTERN.replace("^(", `^(${ME}|`);
export const ListenRoom = Type.String({
  pattern: LISTEN_PATTERN,
  description: "the room's name or id, or @me: your own room",
});

const Me = Type.Literal(ME);
const own = { room: Me, seq: Seq, at: At };
const { member_joined, member_left, member_role, room_updated } = EVENTS;
const person = { id: "0199…", username: "alice" };
const at = "2026-11-21T12:00:00.000Z";

export const MembershipFrame = Type.Object(
  {
    type: Type.Literal("membership"),
    ...own,
    event: Type.Union([member_joined, member_left, member_role, room_updated]),
  },
  {
    $id: "MembershipFrame",
    examples: [
      {
        type: "membership",
        room: ME,
        seq: 7,
        at,
        event: { type: "member_left", room: "general", id: "0199…", author: person, at, user: person },
      },
    ],
  },
);

export const SessionFrame = Type.Object(
  {
    type: Type.Literal("session"),
    ...own,
    session: Type.String({ description: "id, as `GET /api/v1/sessions` of auth lists it" }),
    change: Type.Union([Type.Literal("new"), Type.Literal("revoked")]),
  },
  {
    $id: "SessionFrame",
    examples: [{ type: "session", room: ME, seq: 8, at, session: "0199…", change: "revoked" }],
  },
);

export const ReadMarkFrame = Type.Object(
  {
    type: Type.Literal("read_mark"),
    ...own,
    mark: Type.Object(
      { room: Room, seq: Seq },
      { description: "your read cursor, from any of your devices" },
    ),
  },
  {
    $id: "ReadMarkFrame",
    examples: [{ type: "read_mark", room: ME, seq: 9, at, mark: { room: "general", seq: 42 } }],
  },
);

/** A stored event of one user: its seq, and its frame without it as JSON. */
export type UserEvent = Readonly<{ userId: string; seq: number; event: string }>;
export type SessionChange = Static<typeof SessionFrame>["change"];
