export type RoomKind = "channel" | "group" | "direct";
export type Role = "owner" | "admin" | "member";
/** What somebody is in a room. */
export type Standing = Role | "outsider";

/** What somebody may want to do in a room. `edit` and `erase` are about one's own messages, `moderate` others'. */
export type Action =
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

/** Who may do what: channels are open to all, groups to their members, and a direct chat stays the two it is. */
export const RIGHTS: Readonly<Record<RoomKind, Readonly<Record<Standing, readonly Action[]>>>> = {
  channel: { outsider: [...SPEAK, "join"], member: BELONG, admin: LEAD, owner: OWN },
  group: { outsider: [], member: BELONG, admin: LEAD, owner: OWN },
  direct: { outsider: [], member: TALK, admin: TALK, owner: TALK },
};

export type RoomErrorCode =
  | "room_not_found"
  | "not_a_member"
  | "forbidden"
  | "room_exists"
  | "last_owner"
  | "member_not_found"
  | "message_not_found"
  | "user_not_found";

/** A rule of rooms was broken; the code says which. */
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
 * Makes sure that somebody may do something.
 *
 * @throws {RoomError} `room_not_found` to whom the room must not be known, else `not_a_member` or `forbidden`.
 */
export function demand(kind: RoomKind, standing: Standing, action: Action): void {
  if (RIGHTS[kind][standing].includes(action)) return;
  if (standing !== "outsider")
    throw new RoomError("forbidden", `this is not for a ${standing} of a ${kind} room`);
  if (kind !== "channel") throw roomNotFound();
  throw new RoomError("not_a_member", "join the channel first");
}

const RANK: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

/** Whether somebody may remove somebody else: owners anybody, admins those below them. */
export function outranks(actor: Standing, target: Role): boolean {
  return actor === "owner" || (actor !== "outsider" && RANK[actor] > RANK[target]);
}
