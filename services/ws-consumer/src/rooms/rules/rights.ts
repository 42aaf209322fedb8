export type RoomKind = "channel" | "group" | "direct";
export type Role = "owner" | "admin" | "member";
/** What a user is in a room. */
export type Standing = Role | "outsider";

/** What a user can do in a room. `edit` and `erase` are for own messages, `moderate` deletes those of others. */
type Action =
  | "read"
  | "post"
  | "edit"
  | "erase"
  | "moderate"
  | "mark_read"
  | "join"
  | "leave"
  | "invite"
  | "remove"
  | "promote"
  | "rename"
  | "delete";

const SPEAK: readonly Action[] = ["read", "post", "edit", "erase"];
const BELONG: readonly Action[] = [...SPEAK, "mark_read", "join", "leave"];
const LEAD: readonly Action[] = [...BELONG, "moderate", "invite", "remove", "rename"];
const OWN: readonly Action[] = [...LEAD, "promote", "delete"];
const TALK: readonly Action[] = [...SPEAK, "mark_read", "join"];

/**
 * Who may do what: channels are open to all, groups to their members; the two members of a direct chat do not change.
 */
export const RIGHTS: Readonly<Record<RoomKind, Readonly<Record<Standing, readonly Action[]>>>> = {
  channel: { outsider: [...SPEAK, "join"], member: BELONG, admin: LEAD, owner: OWN },
  group: { outsider: [], member: BELONG, admin: LEAD, owner: OWN },
  direct: { outsider: [], member: TALK, admin: TALK, owner: TALK },
};

type RoomErrorCode =
  | "room_not_found"
  | "not_a_member"
  | "forbidden"
  | "room_exists"
  | "last_owner"
  | "conflict"
  | "quota_exceeded"
  | "blocked"
  | "invite_invalid"
  | "member_not_found"
  | "message_not_found"
  | "user_not_found";

/** A rule of rooms was broken; `code` says which. */
export class RoomError extends Error {
  override readonly name = "RoomError";
  readonly code: RoomErrorCode;

  constructor(code: RoomErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const roomNotFound = (): RoomError => new RoomError("room_not_found", "there is no such room");

/**
 * Checks a right.
 *
 * @throws {RoomError} `room_not_found` if the user must not know that the room exists, else `not_a_member` or `forbidden`
 */
export function demand(kind: RoomKind, standing: Standing, action: Action): void {
  if (RIGHTS[kind][standing].includes(action)) return;
  if (standing !== "outsider")
    throw new RoomError("forbidden", `this is not for a ${standing} of a ${kind} room`);
  if (kind !== "channel") throw roomNotFound();
  throw new RoomError("not_a_member", "join the channel first");
}

const RANK: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

/** Whether a user may remove a member: owners any, admins those of a lower role. */
export function outranks(actor: Standing, target: Role): boolean {
  return actor === "owner" || (actor !== "outsider" && RANK[actor] > RANK[target]);
}
