import { hash } from "node:crypto";

/** Key-value bucket from which producers know who may post where; kept by the consumers' relays. */
export const ROOMS_BUCKET = "ROOMS";
/** Says, in the bucket, that it holds everything that Postgres has. */
export const FILLED_KEY = "filled";
/** Core NATS subject of changed rights: `{"room", "userId"?}`. A hint: whoever hears it asks Postgres. */
export const ACCESS_CHANGED_SUBJECT = "access.changed";
/** Core NATS subject on which relays hear that there is something for the log. */
export const OUTBOX_SUBJECT = "outbox.filled";

/** Key of what a room is. */
export const roomKey = (room: string): string => `room.${room}`;
/** Key of what a user is in a room. A hash, because the ids of users are auth's business. */
export const memberKey = (room: string, userId: string): string =>
  `member.${room}.${hash("sha256", userId, "base64url").slice(0, 22)}`;

/** A value of the bucket: `state` is a role, `open` or `none`; `version` says which of two is newer. */
export type AccessValue = Readonly<{ version: number; state: string }>;

export const encodeAccess = ({ version, state }: AccessValue): string => `${version} ${state}`;

/** @throws {Error} if it is not a value of the bucket. */
export function decodeAccess(text: string): AccessValue {
  const [, version, state] = /^(\d+) ([a-z]+)$/.exec(text) ?? [];
  if (version === undefined || state === undefined) throw new Error("not a value of the rooms' bucket");
  return { version: Number(version), state };
}
