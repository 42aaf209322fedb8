import { kindOf } from "@parley/protocol/rooms";
import { applyChange, type ChangeDependencies, rowsOf } from "./apply-change.ts";
import type { RoomStore } from "./room-store.ts";
import { demand, type Role, RoomError, roomNotFound } from "./rules/rights.ts";
import { invite, type RoomChange } from "./rules/room-change.ts";
import type { User } from "./rules/user.ts";

/** An invitation to a group. */
export type Invitation = Readonly<{
  room: string;
  title: string | null;
  user: User;
  role: Role;
  by: User;
  at: string;
}>;

/** The code of a link by which whoever has it joins a room. */
export type InviteCode = Readonly<{ code: string; room: string; expiresAt: string }>;

/** Port that stores invitations and codes. Each call is one statement. */
export interface InvitationStore {
  /** Those of these users with whom a user shares no room. */
  strangers(userId: string, ids: readonly string[]): Promise<readonly string[]>;
  /** @throws {RoomError} `quota_exceeded` if a user may not make so many invitations now */
  demandQuota(userId: string, count: number): Promise<void>;
  /**
   * Invites users to a room, again if they were before. None if the room is gone.
   *
   * @throws {RoomError} `quota_exceeded` if too many invitations of `by` wait for an answer
   */
  invite(room: string, by: User, users: readonly User[], role: Role): Promise<readonly Invitation[]>;
  /** The newest invitations of a user, at most 100. */
  list(userId: string): Promise<readonly Invitation[]>;
  find(userId: string, room: string): Promise<Invitation | undefined>;
  /** Removes an invitation; returns false if there was none. */
  remove(userId: string, room: string): Promise<boolean>;
  /** The code of a member for a room: the one that there is, valid for longer, or `fresh`. */
  code(room: string, by: User, fresh: string): Promise<InviteCode>;
  removeCodes(room: string): Promise<void>;
  /** The room of a valid code, and who made it. */
  findCode(code: string): Promise<Readonly<{ room: string; by: User }> | undefined>;
}

/** Use cases of invitations. They throw a `RoomError`. */
export interface Invitations {
  list(user: User): Promise<readonly Invitation[]>;
  /** Returns the room that the user is a member of now. */
  accept(user: User, room: string): Promise<string>;
  decline(user: User, room: string): Promise<void>;
  makeCode(actor: User, room: string): Promise<InviteCode>;
  /** Ends all codes of a room, whoever made them. */
  endCodes(actor: User, room: string): Promise<void>;
  /** Joins the room of a code, and returns it. */
  takeCode(user: User, code: string): Promise<string>;
}

const invalid = (): RoomError => new RoomError("invite_invalid", "there is no such invitation");

type InvitationsDependencies = ChangeDependencies &
  Readonly<{ store: RoomStore; invitations: InvitationStore; freshCode: () => string }>;

/** Creates the use cases of invitations. Whoever invited must still have the right to when an invitation is taken. */
export function createInvitations(deps: InvitationsDependencies): Invitations {
  const { store, invitations, freshCode } = deps;
  const admit = async (user: User, room: string, by: User, role: Role): Promise<string> => {
    const attempt = async () => {
      const state = await store.state(room, by, user.id);
      if (!state) throw invalid();
      const { rows, receipt } = rowsOf(
        room,
        user,
        stillAllowed(() => invite(state, user, role)),
        deps,
      );
      return { isApplied: rows.length > 0 && (await store.change(room, state.version, rows)), receipt };
    };
    await applyChange(user, room, attempt, deps, () => deps.notices.accessChanged(room));
    return room;
  };
  const demandInvite = async (actor: User, room: string) => {
    const state = await store.state(room, actor, actor.id);
    if (!state) throw roomNotFound();
    demand(state.kind, state.actor.standing, "invite");
  };
  return {
    list: (user) => invitations.list(user.id),
    async accept(user, room) {
      const found = await invitations.find(user.id, room);
      if (!found) throw invalid();
      return await admit(user, room, found.by, found.role);
    },
    async decline(user, room) {
      if (!(await invitations.remove(user.id, room))) throw invalid();
    },
    async makeCode(actor, room) {
      await demandInvite(actor, room);
      return await invitations.code(room, actor, freshCode());
    },
    async endCodes(actor, room) {
      await demandInvite(actor, room);
      await invitations.removeCodes(room);
    },
    async takeCode(user, code) {
      const found = await invitations.findCode(code);
      if (!found) throw invalid();
      return await admit(user, found.room, found.by, "member");
    },
  };
}

/** @throws {RoomError} `invite_invalid` if whoever invited has lost the right to */
function stillAllowed(decide: () => RoomChange): RoomChange {
  try {
    return decide();
  } catch (error) {
    throw error instanceof RoomError ? invalid() : error;
  }
}

/** Whether adding a user to a room needs their consent: to a group, by somebody with whom they share no room. */
export async function strangersOf(
  actor: User,
  room: string,
  users: readonly User[],
  { strangers }: Pick<InvitationStore, "strangers">,
): Promise<readonly User[]> {
  if (kindOf(room) !== "group" || users.length === 0) return [];
  const ids = await strangers(
    actor.id,
    users.map(({ id }) => id),
  );
  return users.filter(({ id }) => ids.includes(id));
}
