import type { ErrorCode } from "@parley/protocol/codes";
import type { LogEventOf, ReadNoticeFrame } from "@parley/protocol/events";
import type { MembershipFrame, ReadMarkFrame, SessionFrame } from "@parley/protocol/me";
import type { MessageFrame } from "@parley/protocol/message";
import type {
  AckFrame,
  HelloFrame,
  PresenceFrame,
  RoomPresenceFrame,
  SubscribedFrame,
  TypingNoticeFrame,
} from "@parley/protocol/server-frames";
import type { Static } from "typebox";
import { expect, it } from "vitest";
import type { ServerCode } from "./error.ts";
import type {
  Ack,
  Hello,
  MemberJoined,
  MemberLeft,
  MemberRole,
  Membership,
  Message,
  MessageDeleted,
  MessageEdited,
  PresenceNotice,
  ReactionChanged,
  ReadMark,
  ReadNotice,
  RoomPresence,
  RoomUpdated,
  SessionChange,
  Subscribed,
  TypingNotice,
} from "./frames.ts";

/** True if each is assignable to the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Placed<T> = T & { seq: number };

/** The check is the compiler's: a pair that differs does not take `true`. */
const SAME: {
  message: Same<Message, MessageFrame>;
  ack: Same<Ack, AckFrame>;
  hello: HelloFrame extends Hello ? true : false;
  read: Same<ReadNotice, ReadNoticeFrame>;
  typing: Same<TypingNotice, TypingNoticeFrame>;
  presence: Same<PresenceNotice, PresenceFrame>;
  crowd: Same<RoomPresence, RoomPresenceFrame>;
  subscribed: Same<Subscribed, SubscribedFrame>;
  edited: Same<MessageEdited, Placed<LogEventOf<"message_edited">>>;
  deleted: Same<MessageDeleted, Placed<LogEventOf<"message_deleted">>>;
  reaction: Same<ReactionChanged, Placed<LogEventOf<"reaction">>>;
  joined: Same<MemberJoined, Placed<LogEventOf<"member_joined">>>;
  left: Same<MemberLeft, Placed<LogEventOf<"member_left">>>;
  role: Same<MemberRole, Placed<LogEventOf<"member_role">>>;
  membership: Same<Membership, Static<typeof MembershipFrame>>;
  session: Same<SessionChange, Static<typeof SessionFrame>>;
  mark: Same<ReadMark, Static<typeof ReadMarkFrame>>;
  /** A newer server may know more codes; this one has none that the list lacks. */
  codes: ErrorCode extends ServerCode ? true : false;
  updated: Same<RoomUpdated, Placed<LogEventOf<"room_updated">>>;
} = {
  message: true,
  ack: true,
  hello: true,
  read: true,
  typing: true,
  presence: true,
  crowd: true,
  subscribed: true,
  edited: true,
  deleted: true,
  reaction: true,
  joined: true,
  left: true,
  role: true,
  membership: true,
  session: true,
  mark: true,
  codes: true,
  updated: true,
};

it("the published types are those of the protocol", () => {
  expect(Object.values(SAME).every(Boolean)).toBe(true);
});
