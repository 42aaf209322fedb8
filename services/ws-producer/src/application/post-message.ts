import { type ErrorCode, Refusal } from "@parley/protocol/codes";
import type { User } from "@parley/protocol/fields";
import type { MessageContent } from "@parley/protocol/message";
import type { MayPost } from "./room-access.ts";

/** A message before it is accepted. A client that picks the `id` may retry: the same id is the same message. */
type Draft = Readonly<{ id?: string | undefined; room: string; content: MessageContent }>;

/** An accepted message. */
type Message = Readonly<{
  id: string;
  room: string;
  author: User;
  /** When it was accepted, ISO 8601 in UTC. */
  at: string;
  content: MessageContent;
}>;

/**
 * The log has the message on disk. `duplicate`: this process knows that the log acknowledged the id before, and `at` is
 * when it was first accepted.
 */
export type Appended = Readonly<{
  duplicate: boolean;
  at: string;
  /** Shard of the log, and its sequence there; of a duplicate, one that is not lower. */
  shard: number;
  logSeq: number;
}>;

/**
 * Appends a message to the log; resolves once it is on disk. Retries under the same id until the log answers or
 * `isGone` returns true. Messages of one caller to one room keep the order of the calls.
 *
 * @throws {Refusal} `overloaded` synchronously if the backlog is too large.
 */
export type AppendMessage = (message: Message, options: Waiting) => Promise<Appended>;

/** Who waits for a message to be acknowledged. */
type Waiting = Readonly<{
  /** Whether the client is gone and no longer needs the message posted. */
  isGone: () => boolean;
  /** Core NATS subject of the receipt that the writer sends once Postgres has the message. */
  receiptTo?: string;
  /** When it came; monotonic, ms. */
  since: number;
}>;

/** Takes a token of the user's rate limit; returns 0, or the wait until the next token in ms. */
export type TakeTurn = (userId: string) => number;

/** The posted message without its content, which is not kept while the log answers. */
export type Posted = Readonly<{ message: Omit<Message, "content"> }> & Omit<Appended, "at">;

/**
 * Posts a message and resolves once the log has it on disk.
 *
 * @param options.traceparent the caller's place in a trace of its own (W3C Trace Context)
 * @throws {Refusal} `rate_limited`, `room_not_found`, `blocked`, `overloaded` or `unavailable`. May throw synchronously or reject.
 */
export type PostMessage = (
  draft: Draft,
  author: User,
  options: Waiting & Readonly<{ traceparent?: string | undefined }>,
) => Promise<Posted>;

/** What became of messages. */
export type SendCounts = Record<"accepted" | "duplicate" | ErrorCode | "failed", number>;

type PostMessageDependencies = Readonly<{
  append: AppendMessage;
  takeTurn: TakeTurn;
  mayPost: MayPost;
  /** ISO 8601 in UTC. */
  now: () => string;
  freshId: () => string;
  counts: SendCounts;
}>;

/**
 * Checks the rate limit and the room, gives the draft an id and a time, and appends it to the log. Not an async
 * function: that costs as much garbage as the message itself (docs/decisions/0002).
 */
export function createPostMessage(dependencies: PostMessageDependencies): PostMessage {
  const { append, takeTurn, mayPost, now, freshId, counts } = dependencies;
  const refused = (error: unknown): never => {
    counts[error instanceof Refusal ? error.code : "failed"] += 1;
    throw error;
  };
  const post = (isOpen: boolean, ...[draft, author, options]: Parameters<PostMessage>) => {
    const { id = freshId(), room, content } = draft;
    let appending: Promise<Appended>;
    try {
      assertOpen(isOpen);
      appending = append({ id, room, author, at: now(), content }, options);
    } catch (error) {
      return refused(error);
    }
    return appending.then(({ duplicate, at, shard, logSeq }) => {
      counts[duplicate ? "duplicate" : "accepted"] += 1;
      return { message: { id, room, author, at }, duplicate, shard, logSeq };
    }, refused);
  };
  return (draft, author, options) => {
    let isOpen: ReturnType<MayPost>;
    try {
      assertTurn(takeTurn(author.id));
      isOpen = mayPost(draft.room, author.id);
    } catch (error) {
      return refused(error);
    }
    if (typeof isOpen === "boolean") return post(isOpen, draft, author, options);
    return isOpen.then((answer) => post(answer, draft, author, options), refused);
  };
}

/** @throws {Refusal} `rate_limited` if the wait until the next token is not 0. */
export function assertTurn(waitMs: number): void {
  if (waitMs > 0) throw new Refusal("rate_limited", "too many messages", { retryAfterMs: waitMs });
}

/** @throws {Refusal} `room_not_found`: the same for a room that does not exist and for one the user may not see. */
export function assertOpen(isOpen: boolean): void {
  if (!isOpen) throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
}
