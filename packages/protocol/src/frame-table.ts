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
  StoredFrame,
  SubscribedFrame,
  TokenExpiringFrame,
  TypingNoticeFrame,
  UnsubscribedFrame,
} from "./server-frames.ts";

/** A frame that a service takes: what it is for, and what it is answered with (or with an `error`). */
export type TakenFrame = Readonly<{ frame: TSchema; summary: string; answers: readonly TSchema[] }>;
/** A frame that a service sends of its own accord or as an answer. */
export type SentFrame = Readonly<{ frame: TSchema; summary: string }>;
export type ServiceFrames = Readonly<{ takes: readonly TakenFrame[]; sends: readonly SentFrame[] }>;

const TAKEN_BY_BOTH: readonly TakenFrame[] = [
  {
    frame: AuthFrame,
    summary: "Authenticate within 5 s of connecting, or hand in a new token of the same user and session",
    answers: [AuthenticatedFrame],
  },
  { frame: PingFrame, summary: "Ask whether the other side is there", answers: [PongFrame] },
];

const SENT_BY_BOTH: readonly SentFrame[] = [
  { frame: HelloFrame, summary: "The first frame after authentication: who you are, and the limits" },
  { frame: AuthenticatedFrame, summary: "The new token is accepted" },
  { frame: TokenExpiringFrame, summary: "The token ends soon: hand in a new one" },
  { frame: PongFrame, summary: "The answer to a ping" },
  { frame: DrainingFrame, summary: "This instance is going away: connect again after retryAfterMs" },
  { frame: ErrorFrame, summary: "A frame was refused; its code is stable" },
];

/** Which frames each socket service takes and sends: the one place that says so. */
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
        summary: "React to a message, or take that back; saying it twice changes nothing",
        answers: [AckFrame, StoredFrame],
      },
      { frame: ReadFrame, summary: "Say how far you have read; it never goes back", answers: [ReadAckFrame] },
      {
        frame: TypingFrame,
        summary: "Tell who has the room open that you write, or have stopped",
        answers: [],
      },
      ...TAKEN_BY_BOTH,
    ],
    sends: [
      { frame: AckFrame, summary: "The log has the message on disk" },
      { frame: ReadAckFrame, summary: "Postgres has the read cursor, and where it is" },
      { frame: StoredFrame, summary: 'Postgres has the message or reaction; sent for "receipt":"stored"' },
      ...SENT_BY_BOTH,
    ],
  },
  consumer: {
    takes: [
      {
        frame: SubscribeFrame,
        summary: "Listen to a room, from after on or to what is new",
        answers: [SubscribedFrame, MessageFrame, CaughtUpFrame],
      },
      {
        frame: ResumeFrame,
        summary: "Listen to several rooms again, each from where the client was",
        answers: [SubscribedFrame, MessageFrame, CaughtUpFrame],
      },
      { frame: UnsubscribeFrame, summary: "Stop listening to a room", answers: [UnsubscribedFrame] },
      ...TAKEN_BY_BOTH,
    ],
    sends: [
      { frame: MessageFrame, summary: "A message, once and in the order of seq" },
      {
        frame: MessageEditedFrame,
        summary: "A message has another text; in the order of seq, like all that follow",
      },
      { frame: MessageDeletedFrame, summary: "A message is gone" },
      { frame: ReactionEventFrame, summary: "Someone reacted to a message, or took that back" },
      {
        frame: MemberJoinedFrame,
        summary: "Someone is a member from here on; also told to them on all their sockets",
      },
      {
        frame: MemberLeftFrame,
        summary: "Someone is no member any more; also told to them on all their sockets",
      },
      {
        frame: MemberRoleFrame,
        summary: "A member has another role; also told to them on all their sockets",
      },
      { frame: RoomUpdatedFrame, summary: "The room has another title, or is gone" },
      { frame: ReadNoticeFrame, summary: "A member has read so far; your own on all your sockets" },
      { frame: SubscribedFrame, summary: "The room is listened to; replay follows if there is any" },
      { frame: CaughtUpFrame, summary: "The replay is done; what follows is live" },
      { frame: UnsubscribedFrame, summary: "The room is not listened to any more" },
      {
        frame: TypingNoticeFrame,
        summary: "Someone writes in a room that you have open, or has stopped; may be lost",
      },
      { frame: PresenceFrame, summary: "Someone with whom you have a room open came or went; may be lost" },
      ...SENT_BY_BOTH,
    ],
  },
};
