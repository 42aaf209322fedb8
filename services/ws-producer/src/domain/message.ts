/** Who speaks. */
export type Author = Readonly<{ id: string; username: string }>;

/** What a client asks to be posted. A client that picks the `id` may retry: the same id is the same message. */
export type Draft<Content> = Readonly<{ id?: string | undefined; room: string; content: Content }>;

/** A draft that was accepted: it has an id, an author and the time at which it was accepted. */
export type Message<Content> = Readonly<{
  id: string;
  room: string;
  author: Author;
  /** When it was accepted, ISO 8601 in UTC. */
  at: string;
  content: Content;
}>;

/** Turns a draft into a message. `freshId` names it if the client did not. */
export function acceptDraft<Content>(
  { id, room, content }: Draft<Content>,
  author: Author,
  at: string,
  freshId: () => string,
): Message<Content> {
  return { id: id ?? freshId(), room, author, at, content };
}
