import { type Static, Type } from "typebox";

/** Entries in one request. */
export const STORED_QUESTIONS_MAX = 500;

const StoredQuestion = Type.Object({
  room: Type.String(),
  userId: Type.String(),
  id: Type.String(),
  target: Type.Optional(Type.Integer({ description: "of a reaction; a message has none" })),
});
/** An entry that a producer asks about. */
export type StoredQuestion = Static<typeof StoredQuestion>;

/** A request of a producer on `STORED_SUBJECT`. The answer is an array with a `StoredAnswer` or null for each entry. */
export const StoredRequest = Type.Object({
  entries: Type.Array(StoredQuestion, { minItems: 1, maxItems: STORED_QUESTIONS_MAX }),
});

/** The seq of an entry, or that it is a reaction to what is no visible message and never will be stored. */
export type StoredAnswer = number | "message_not_found";
