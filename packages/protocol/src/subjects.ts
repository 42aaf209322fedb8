/** Core NATS subject of what a room's listeners shall see, published by its writer after commit. */
export const liveSubject = (room: string): string => `live.${room}`;
/** All rooms. */
export const LIVE_SUBJECTS = "live.*";
/** A session or a user's sessions were revoked: `{"sessionId"?, "userId", "at"}`. */
export const REVOKED_SUBJECT = "auth.revoked";
/** Where a producer asks whether Postgres has a message, and under which seq. */
export const STORED_SUBJECT = "stored.ask";
/** How far each shard's writer has come: `{"shard", "cursor"}`. */
export const progressSubject = (shard: number): string => `progress.${shard}`;
export const PROGRESS_SUBJECTS = "progress.*";
/** Core NATS subject of who writes in a room: `{"user", "isTyping"}`, from producers to every consumer. */
export const typingSubject = (room: string): string => `typing.${room}`;
export const TYPING_SUBJECTS = "typing.*";
/** Who is online at which consumer: what changed, and who is still there. */
export const PRESENCE_SUBJECT = "presence";
/** A consumer that has just started asks the others who is online. */
export const PRESENCE_ASK_SUBJECT = "presence.ask";
/** Subjects to which consumers answer producers; a question may name no other. */
export const ANSWER_PREFIX = "answer.";
/** Subjects on which producers wait for receipts; a log entry may name no other. */
export const RECEIPT_PREFIX = "receipt.";
