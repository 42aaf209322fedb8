/** Core NATS subject of a room's stored entries, published by its writer after commit. */
export const liveSubject = (room: string): string => `live.${room}`;
/** The same for all rooms. */
export const LIVE_SUBJECTS = "live.*";
/** Revocations: `{"sessionId"?, "userId", "at"}`; without `sessionId` all sessions of the user. */
export const REVOKED_SUBJECT = "auth.revoked";
/** Requests of producers for the seq of a message in Postgres. */
export const STORED_SUBJECT = "stored.ask";
/** The cursor of each shard's writer: a `Progress`. */
export const progressSubject = (shard: number): string => `progress.${shard}`;
export const PROGRESS_SUBJECTS = "progress.*";
/** Log sequence up to which a shard is stored. */
export type Progress = Readonly<{ shard: number; cursor: number }>;
/** Core NATS subject of typing in a room: `{"user", "isTyping"}`, from producers to every consumer. */
export const typingSubject = (room: string): string => `typing.${room}`;
export const TYPING_SUBJECTS = "typing.*";
/** Presence at each consumer: changes, and heartbeats with all users. */
export const PRESENCE_SUBJECT = "presence";
/** Request of a consumer that has just started for the presence at the others. */
export const PRESENCE_ASK_SUBJECT = "presence.ask";
/** Stored events of users, between consumers: an array of `UserEvent`. */
export const USER_EVENTS_SUBJECT = "users.events";
/** Reply subjects of producers' requests to consumers; a request may name no other. */
export const ANSWER_PREFIX = "answer.";
/** Subjects of receipts to producers; a log entry may name no other. */
export const RECEIPT_PREFIX = "receipt.";
