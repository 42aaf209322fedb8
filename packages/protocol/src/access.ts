import { hash } from "node:crypto";

/** Key-value bucket of rooms and members, written by the consumers: producers read from it who may post where. */
export const ROOMS_BUCKET = "ROOMS";
/** Key that exists once the bucket has everything that Postgres has. */
export const FILLED_KEY = "filled";
/** Core NATS subject of changed rights: `{"room", "userId"?}`. A hint: its subscribers read the rights from Postgres. */
export const ACCESS_CHANGED_SUBJECT = "access.changed";
/** Core NATS subject of the hint that the outbox has entries for the log. */
export const OUTBOX_SUBJECT = "outbox.filled";

/** Key of a room's state. */
export const roomKey = (room: string): string => `room.${room}`;
/** Key of a member's state. The user is hashed, because auth may choose ids that are no valid keys. */
export const memberKey = (room: string, userId: string): string =>
  `member.${room}.${hash("sha256", userId, "base64url").slice(0, 22)}`;

/** A value of the bucket: `state` is a role, `blocked` (by the other member of a direct chat), `open` or `none`; the higher `version` is newer. */
export type AccessValue = Readonly<{ version: number; state: string }>;

export const encodeAccess = ({ version, state }: AccessValue): string => `${version} ${state}`;

/** @throws {Error} if it is not a value of the bucket. */
export function decodeAccess(text: string): AccessValue {
  const [, version, state] = /^(\d+) ([a-z]+)$/.exec(text) ?? [];
  if (version === undefined || state === undefined) throw new Error("not a value of the bucket of rooms");
  return { version: Number(version), state };
}
