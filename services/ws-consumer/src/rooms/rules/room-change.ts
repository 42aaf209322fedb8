import { demand, outranks, type Role, RoomError, type RoomKind, type Standing } from "./rights.ts";
import type { User } from "./user.ts";

type Member = Readonly<{ user: User; role: Role }>;

/** A room, as far as the rules of a change need it. */
export type RoomState = Readonly<{
  id: string;
  kind: RoomKind;
  title: string | null;
  /** Incremented by each change: a change that was checked against an older version is not applied. */
  version: number;
  owners: number;
  actor: Readonly<{ user: User; standing: Standing }>;
  /** The user whom the change is about, if a member. */
  target: Member | undefined;
}>;

/** An event in a room, as its members receive it. */
export type ChangeEvent =
  | Readonly<{ type: "member_joined" | "member_role"; user: User; role: Role }>
  | Readonly<{ type: "member_left"; user: User }>
  | Readonly<{ type: "room_updated"; title: string | null; isDeleted?: true }>;

/** The events of a change; stored rows and log entries follow from them in one step. */
export type RoomChange = Readonly<{ events: readonly ChangeEvent[] }>;

const changeOf = (...events: ChangeEvent[]): RoomChange => ({ events });

function demandAnotherOwner(state: RoomState): void {
  if (state.owners < 2)
    throw new RoomError("last_owner", "the last owner names a successor first, or deletes the room");
}

const memberOf = (state: RoomState): Member => {
  if (!state.target) throw new RoomError("member_not_found", "there is no such member");
  return state.target;
};

/** Creates a room: its founder is the owner, or in a direct chat one of two members. */
export function foundRoom(
  kind: RoomKind,
  title: string | null,
  founder: User,
  others: readonly User[],
): RoomChange {
  const founded: Member = { user: founder, role: kind === "direct" ? "member" : "owner" };
  const members: Member[] = [founded, ...others.map((user) => ({ user, role: "member" as const }))];
  const joined = members.map((member) => ({ type: "member_joined" as const, ...member }));
  return kind === "direct" ? changeOf(...joined) : changeOf({ type: "room_updated", title }, ...joined);
}

/** The actor joins; no events if already a member. */
export function join(state: RoomState): RoomChange {
  const { user, standing } = state.actor;
  demand(state.kind, standing, "join");
  return standing === "outsider" ? changeOf({ type: "member_joined", user, role: "member" }) : changeOf();
}

/** The actor leaves. With a successor, the target of the change becomes an owner first. */
export function leave(state: RoomState, hasSuccessor: boolean): RoomChange {
  const { user, standing } = state.actor;
  demand(state.kind, standing, "leave");
  const left = { type: "member_left" as const, user };
  if (standing !== "owner") return changeOf(left);
  if (!hasSuccessor) {
    demandAnotherOwner(state);
    return changeOf(left);
  }
  const successor = memberOf(state).user;
  if (successor.id === user.id) throw new RoomError("last_owner", "the successor is somebody else");
  return changeOf({ type: "member_role", user: successor, role: "owner" }, left);
}

/** The actor adds a member; no events if the user is one already. */
export function invite(state: RoomState, user: User, role: Role): RoomChange {
  demand(state.kind, state.actor.standing, "invite");
  if (role !== "member") demand(state.kind, state.actor.standing, "promote");
  return state.target ? changeOf() : changeOf({ type: "member_joined", user, role });
}

/** The target gets another role; no events if it has that role already. */
export function promote(state: RoomState, role: Role): RoomChange {
  demand(state.kind, state.actor.standing, "promote");
  const { user, role: before } = memberOf(state);
  if (role === before) return changeOf();
  if (before === "owner") demandAnotherOwner(state);
  return changeOf({ type: "member_role", user, role });
}

/** The actor removes the target. */
export function remove(state: RoomState): RoomChange {
  const { actor } = state;
  demand(state.kind, actor.standing, "remove");
  const { user, role } = memberOf(state);
  if (user.id === actor.user.id) return leave(state, false);
  if (!outranks(actor.standing, role)) throw new RoomError("forbidden", `an admin cannot remove an ${role}`);
  return changeOf({ type: "member_left", user });
}

/** The room gets another title; no events if it has it already. */
export function rename(state: RoomState, title: string | null): RoomChange {
  demand(state.kind, state.actor.standing, "rename");
  return title === state.title ? changeOf() : changeOf({ type: "room_updated", title });
}

/** The room is deleted for all. */
export function close(state: RoomState): RoomChange {
  demand(state.kind, state.actor.standing, "delete");
  return changeOf({ type: "room_updated", title: state.title, isDeleted: true });
}
