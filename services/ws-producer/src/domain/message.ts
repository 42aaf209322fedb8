/** Who speaks. */
export type Author = Readonly<{ id: string; username: string }>;

/** What a client asks to be posted. A client that picks the `id` may retry: the same id is the same message. */
export type Draft = Readonly<{ id?: string; room: string; body: string; replyTo?: number }>;

/** A draft that was accepted: it has an id, an author and the time at which it was accepted. */
export type Message = Readonly<{
  id: string;
  room: string;
  author: Author;
  body: string;
  /** When it was accepted, ISO 8601 in UTC. */
  at: string;
  replyTo?: number;
}>;

/** Turns a draft into a message. `freshId` names it if the client did not. */
export function acceptDraft(draft: Draft, author: Author, at: string, freshId: () => string): Message {
  const { id = freshId(), room, body, replyTo } = draft;
  return replyTo === undefined ? { id, room, author, body, at } : { id, room, author, body, at, replyTo };
}
