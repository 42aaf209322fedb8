import { type Static, Type } from "typebox";
import { Room, Seq, User } from "./parts.ts";

/** Where a producer asks for a read cursor to be moved; a consumer answers once Postgres has it. */
export const READ_ASK_SUBJECT = "reads.ask";
/** Core NATS subject of a room's moved read cursors, to all consumers. */
export const readSubject = (room: string): string => `reads.moved.${room}`;
export const READ_SUBJECTS = "reads.moved.*";

export const ReadMark = Type.Object({ room: Room, user: User, seq: Seq });
export type ReadMark = Static<typeof ReadMark>;
/** The answer: where the cursor is now, or the code of the refusal. */
export type ReadAnswer = Readonly<{ seq: number } | { code: "not_a_member" | "room_not_found" }>;
