import type { TSchema } from "typebox";
import {
  AuthFrame,
  PingFrame,
  PostFrame,
  ReactionFrame,
  ReadFrame,
  ResumeFrame,
  SubscribeFrame,
  TypingFrame,
  UnsubscribeFrame,
} from "./client-frames.ts";
import {
  MemberJoinedFrame,
  MemberLeftFrame,
  MemberRoleFrame,
  MessageDeletedFrame,
  MessageEditedFrame,
  ReactionEventFrame,
  ReadNoticeFrame,
  RoomUpdatedFrame,
} from "./events.ts";
import { MembershipFrame, ReadMarkFrame, SessionFrame } from "./me.ts";
import { MessageFrame } from "./message.ts";
import {
  AckFrame,
  AuthenticatedFrame,
  CaughtUpFrame,
  DrainingFrame,
  ErrorFrame,
  HelloFrame,
  PongFrame,
  PresenceFrame,
  ReadAckFrame,
  RoomPresenceFrame,
  StoredFrame,
  SubscribedFrame,
  TokenExpiringFrame,
  TypingNoticeFrame,
  UnsubscribedFrame,
} from "./server-frames.ts";

/** A frame that a service takes, its purpose and its answers (besides `error`). */
export type TakenFrame = Readonly<{ frame: TSchema; summary: string; answers: readonly TSchema[] }>;
/** A frame that a service sends, as an answer or by itself. */
export type SentFrame = Readonly<{ frame: TSchema; summary: string }>;
type ServiceFrames = Readonly<{ takes: readonly TakenFrame[]; sends: readonly SentFrame[] }>;

const TAKEN_BY_BOTH: readonly TakenFrame[] = [
  {
    frame: AuthFrame,
    summary: "Authenticate within 5 s of connecting, or hand in a new token of the same user and session",
    answers: [AuthenticatedFrame],
  },
  { frame: PingFrame, summary: "Ask whether the server answers", answers: [PongFrame] },
];

const SENT_BY_BOTH: readonly SentFrame[] = [
  { frame: HelloFrame, summary: "The first frame after authentication: who you are, and the limits" },
  { frame: AuthenticatedFrame, summary: "The new token is accepted" },
  { frame: TokenExpiringFrame, summary: "The token ends soon: hand in a new one" },
  { frame: PongFrame, summary: "The answer to a ping" },
  { frame: DrainingFrame, summary: "This instance is shutting down: connect again after retryAfterMs" },
  { frame: ErrorFrame, summary: "A frame was refused; its code is stable" },
];

/** The frames that each socket service takes and sends; documents and tests are made from this table. */
export const FRAMES: Readonly<Record<"producer" | "consumer", ServiceFrames>> = {
  producer: {
    takes: [
      {
        frame: PostFrame,
        summary: "Post a message. Sent again with the same id, it is acknowledged again and stored once",
        answers: [AckFrame, StoredFrame],
      },
      {
        frame: ReactionFrame,
        summary: "React to a message, or remove the reaction; doing it twice changes nothing",
        answers: [AckFrame, StoredFrame],
      },
      { frame: ReadFrame, summary: "Move your read cursor; it never goes back", answers: [ReadAckFrame] },
      {
        frame: TypingFrame,
        summary: "Announce that you are typing, or have stopped, to those who have the room open",
        answers: [],
      },
      ...TAKEN_BY_BOTH,
    ],
    sends: [
      { frame: AckFrame, summary: "The log has the message on disk" },
      { frame: ReadAckFrame, summary: "Postgres has the read cursor; seq is its place" },
      { frame: StoredFrame, summary: 'Postgres has the message or reaction; sent for "receipt":"stored"' },
      ...SENT_BY_BOTH,
    ],
  },
  consumer: {
    takes: [
      {
        frame: SubscribeFrame,
        summary: "Subscribe to a room, from `after` on or live only",
        answers: [SubscribedFrame, MessageFrame, CaughtUpFrame],
      },
      {
        frame: ResumeFrame,
        summary: "Subscribe to several rooms again, each from the client's last seq",
        answers: [SubscribedFrame, MessageFrame, CaughtUpFrame],
      },
      { frame: UnsubscribeFrame, summary: "Unsubscribe from a room", answers: [UnsubscribedFrame] },
      ...TAKEN_BY_BOTH,
    ],
    sends: [
      { frame: MessageFrame, summary: "A message, once and in the order of seq" },
      {
        frame: MessageEditedFrame,
        summary: "A message was edited; in the order of seq, like all that follow",
      },
      { frame: MessageDeletedFrame, summary: "A message was deleted" },
      { frame: ReactionEventFrame, summary: "A user reacted to a message, or removed the reaction" },
      {
        frame: MemberJoinedFrame,
        summary: "A user is a member from here on; also sent to all sockets of that user",
      },
      {
        frame: MemberLeftFrame,
        summary: "A user is no longer a member; also sent to all sockets of that user",
      },
      {
        frame: MemberRoleFrame,
        summary: "A member has another role; also sent to all sockets of that member",
      },
      { frame: RoomUpdatedFrame, summary: "The room has another title, or was deleted" },
      { frame: ReadNoticeFrame, summary: "A member's read cursor; your own is sent to all your sockets" },
      { frame: MembershipFrame, summary: "In @me: a change of your memberships, or of a room of yours" },
      { frame: SessionFrame, summary: "In @me: one of your sessions was used first, or was revoked" },
      { frame: ReadMarkFrame, summary: "In @me: one of your devices moved your read cursor" },
      { frame: SubscribedFrame, summary: "The socket is subscribed to the room; the replay follows, if any" },
      { frame: CaughtUpFrame, summary: "The replay is complete; what follows is live" },
      { frame: UnsubscribedFrame, summary: "The socket is no longer subscribed to the room" },
      {
        frame: TypingNoticeFrame,
        summary: "A user is typing in a room that you have open, or has stopped; may be lost",
      },
      {
        frame: PresenceFrame,
        summary:
          "A user with whom you share a room came online or went offline, or left the room; may be lost",
      },
      {
        frame: RoomPresenceFrame,
        summary:
          "How many users have a large room open, and who came and left; every 2 s at most; may be lost",
      },
      ...SENT_BY_BOTH,
    ],
  },
};
