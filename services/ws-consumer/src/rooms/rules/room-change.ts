import { demand, outranks, type Role, RoomError, type RoomKind, type Standing } from "./rights.ts";

export type Person = Readonly<{ id: string; username: string }>;
export type Member = Readonly<{ user: Person; role: Role }>;

/** A room, as far as a change of it is judged by it. */
export type RoomState = Readonly<{
  id: string;
  kind: RoomKind;
  title: string | null;
  /** Goes up with each change: a change that was judged on an older state is not made. */
  version: number;
  owners: number;
  actor: Readonly<{ user: Person; standing: Standing }>;
  /** Whom the change is about, if that is a member. */
  target: Member | undefined;
}>;

/** What happens in a room, as its members will hear it. */
export type RoomEvent =
  | Readonly<{ type: "member_joined" | "member_role"; user: Person; role: Role }>
  | Readonly<{ type: "member_left"; user: Person }>
  | Readonly<{ type: "room_updated"; title: string | null; isDeleted?: true }>;

/** What becomes of the room: its rows are made so, and its members are told so, in one step. */
export type RoomChange = Readonly<{ events: readonly RoomEvent[] }>;

const changeOf = (...events: RoomEvent[]): RoomChange => ({ events });

function loseOwner(state: RoomState): void {
  if (state.owners < 2)
    throw new RoomError("last_owner", "the last owner names a successor first, or deletes the room");
}

const memberOf = (state: RoomState): Member => {
  if (!state.target) throw new RoomError("member_not_found", "there is no such member");
  return state.target;
};

/** The first state of a room: who made it is its owner, or in a direct chat one of two members. */
export function foundRoom(
  kind: RoomKind,
  title: string | null,
  founder: Person,
  others: readonly Person[],
): RoomChange {
  const founded: Member = { user: founder, role: kind === "direct" ? "member" : "owner" };
  const members: Member[] = [founded, ...others.map((user) => ({ user, role: "member" as const }))];
  const joined = members.map((member) => ({ type: "member_joined" as const, ...member }));
  return kind === "direct" ? changeOf(...joined) : changeOf({ type: "room_updated", title }, ...joined);
}

/** Somebody comes in; nothing happens if they are in already. */
export function join(state: RoomState): RoomChange {
  const { user, standing } = state.actor;
  demand(state.kind, standing, "join");
  return standing === "outsider" ? changeOf({ type: "member_joined", user, role: "member" }) : changeOf();
}

/** A member goes. The last owner makes the target of the change, a member, the owner. */
export function leave(state: RoomState, hasSuccessor: boolean): RoomChange {
  const { user, standing } = state.actor;
  demand(state.kind, standing, "leave");
  const left = { type: "member_left" as const, user };
  if (standing !== "owner") return changeOf(left);
  if (!hasSuccessor) {
    loseOwner(state);
    return changeOf(left);
  }
  const successor = memberOf(state).user;
  if (successor.id === user.id) throw new RoomError("last_owner", "the successor is somebody else");
  return changeOf({ type: "member_role", user: successor, role: "owner" }, left);
}

/** A member brings somebody in; nothing happens if they are in already. */
export function invite(state: RoomState, user: Person, role: Role): RoomChange {
  demand(state.kind, state.actor.standing, "invite");
  if (role !== "member") demand(state.kind, state.actor.standing, "promote");
  return state.target ? changeOf() : changeOf({ type: "member_joined", user, role });
}

/** Somebody becomes more, or less; nothing happens if they are that already. */
export function promote(state: RoomState, role: Role): RoomChange {
  demand(state.kind, state.actor.standing, "promote");
  const { user, role: before } = memberOf(state);
  if (role === before) return changeOf();
  if (before === "owner") loseOwner(state);
  return changeOf({ type: "member_role", user, role });
}

/** Somebody is made to go. */
export function remove(state: RoomState): RoomChange {
  const { actor } = state;
  demand(state.kind, actor.standing, "remove");
  const { user, role } = memberOf(state);
  if (user.id === actor.user.id) return leave(state, false);
  if (!outranks(actor.standing, role)) throw new RoomError("forbidden", `an admin cannot remove an ${role}`);
  return changeOf({ type: "member_left", user });
}

/** The room gets another title; nothing happens if it has it already. */
export function rename(state: RoomState, title: string | null): RoomChange {
  demand(state.kind, state.actor.standing, "rename");
  return title === state.title ? changeOf() : changeOf({ type: "room_updated", title });
}

/** The room ends, for everybody. */
export function close(state: RoomState): RoomChange {
  demand(state.kind, state.actor.standing, "delete");
  return changeOf({ type: "room_updated", title: state.title, isDeleted: true });
}
