import { type Static, Type } from "typebox";
import { Room, Seq, User } from "./fields.ts";

/** Requests of producers to move a read cursor; a consumer answers once Postgres has it. */
export const READ_ASK_SUBJECT = "reads.ask";
/** Core NATS subject of a room's moved read cursors, from one consumer to all. */
export const readSubject = (room: string): string => `reads.moved.${room}`;
export const READ_SUBJECTS = "reads.moved.*";

export const ReadMark = Type.Object({ room: Room, user: User, seq: Seq });
export type ReadMark = Static<typeof ReadMark>;
/** The answer: the cursor afterwards, or the code of the refusal. */
export type ReadAnswer = Readonly<{ seq: number } | { code: "not_a_member" | "room_not_found" }>;
