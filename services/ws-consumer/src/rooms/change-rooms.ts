import { directIdOf } from "@parley/protocol/room-ids";
import { kindOf } from "@parley/protocol/rooms";
import { applyChange, type ChangeDependencies, rowsOf } from "./apply-change.ts";
import { type BlockStore, demandNotBlocked } from "./blocks.ts";
import { demandUsers, type FindUsers } from "./find-users.ts";
import { type Invitation, type InvitationStore, strangersOf } from "./invitations.ts";
import type { NewRoom, Preferences, RoomStore } from "./room-store.ts";
import { demand, type Role, RoomError, roomNotFound } from "./rules/rights.ts";
import {
  close,
  foundRoom,
  invite,
  join,
  leave,
  promote,
  type RoomChange,
  type RoomState,
  remove,
  rename,
} from "./rules/room-change.ts";
import type { User } from "./rules/user.ts";

type ChangeRoomsDependencies = ChangeDependencies &
  Readonly<{
    store: RoomStore;
    invitations: InvitationStore;
    blocks: Pick<BlockStore, "blockersOf">;
    findUsers: FindUsers;
    freshGroupId: () => string;
    /** CHANNEL_AUTO_CREATE: joining a channel that does not exist creates it. */
    isAutoCreated: boolean;
  }>;

/** Use cases on rooms. Each waits until the change is in history, so that the caller reads its own change. */
export interface ChangeRooms {
  createChannel(actor: User, name: string, title: string | null): Promise<string>;
  /** Users who share no room with the actor are invited, and join when they accept. */
  createGroup(
    actor: User,
    title: string,
    userIds: readonly string[],
  ): Promise<{ room: string; invited: readonly Invitation[] }>;
  /** Returns the direct chat with a user, created by the first of the two who opens it. */
  openDirect(actor: User, userId: string): Promise<{ room: string; isNew: boolean }>;
  join(actor: User, room: string): Promise<void>;
  leave(actor: User, room: string, successorId?: string): Promise<void>;
  /** Adds a member; returns the invitation if the user must accept one first. */
  invite(actor: User, room: string, userId: string, role: Role): Promise<Invitation | undefined>;
  promote(actor: User, room: string, userId: string, role: Role): Promise<void>;
  remove(actor: User, room: string, userId: string): Promise<void>;
  rename(actor: User, room: string, title: string | null): Promise<void>;
  close(actor: User, room: string): Promise<void>;
  prefer(actor: User, room: string, preferences: Preferences): Promise<void>;
}

/** Creates a room; returns false if its id is taken. */
async function create(
  actor: User,
  room: Omit<NewRoom, "createdBy">,
  change: RoomChange,
  deps: ChangeRoomsDependencies,
): Promise<boolean> {
  const { rows, receipt } = rowsOf(room.id, actor, change, deps);
  let isNew = false;
  const attempt = async () => {
    isNew = await deps.store.create({ ...room, createdBy: actor.id }, rows);
    return { isApplied: isNew, receipt: isNew ? receipt : undefined };
  };
  await applyChange(actor, room.id, attempt, deps);
  return isNew;
}

type Decide = (state: RoomState) => RoomChange;

/** Applies what `decide` makes of the room's current state. */
async function change(
  actor: User,
  room: string,
  targetId: string,
  decide: Decide,
  deps: ChangeRoomsDependencies,
) {
  const attempt = async () => {
    const state = await deps.store.state(room, actor, targetId);
    if (!state) throw roomNotFound();
    const { rows, receipt } = rowsOf(room, actor, decide(state), deps);
    return { isApplied: rows.length > 0 && (await deps.store.change(room, state.version, rows)), receipt };
  };
  await applyChange(actor, room, attempt, deps, () => deps.notices.accessChanged(room));
}

/** Creates the use cases on rooms. They throw a `RoomError` if a rule is broken. */
export function createChangeRooms(deps: ChangeRoomsDependencies): ChangeRooms {
  const { store, invitations, blocks } = deps;
  const apply = (actor: User, room: string, targetId: string, decide: Decide) =>
    change(actor, room, targetId, decide, deps);
  return {
    async createChannel(actor, name, title) {
      const room = { id: name, kind: "channel", title } as const;
      if (await create(actor, room, foundRoom("channel", title, actor, []), deps)) return name;
      throw new RoomError("room_exists", "there is a channel of this name");
    },
    async createGroup(actor, title, userIds) {
      const others = await demandUsers(
        [...new Set(userIds)].filter((id) => id !== actor.id),
        deps.findUsers,
      );
      await demandNotBlocked(actor, others, blocks);
      const id = deps.freshGroupId();
      const strangers = await strangersOf(actor, id, others, invitations);
      // Before the group is made, which would be left without them.
      if (strangers.length > 0) await invitations.demandQuota(actor.id, strangers.length);
      const founded = foundRoom(
        "group",
        title,
        actor,
        others.filter((user) => !strangers.includes(user)),
      );
      await create(actor, { id, kind: "group", title }, founded, deps);
      if (strangers.length === 0) return { room: id, invited: [] };
      return { room: id, invited: await invitations.invite(id, actor, strangers, "member") };
    },
    async openDirect(actor, userId) {
      if (userId === actor.id) throw new RoomError("forbidden", "a direct chat is with somebody else");
      const others = await demandUsers([userId], deps.findUsers);
      const id = directIdOf(actor.id, userId);
      const founded = foundRoom("direct", null, actor, others);
      return { room: id, isNew: await create(actor, { id, kind: "direct", title: null }, founded, deps) };
    },
    async join(actor, room) {
      const isMade = deps.isAutoCreated && kindOf(room) === "channel";
      if (isMade && !(await store.state(room, actor, actor.id))) {
        const joined = { events: [{ type: "member_joined", user: actor, role: "member" }] } as const;
        if (await create(actor, { id: room, kind: "channel", title: null }, joined, deps)) return;
      }
      await apply(actor, room, actor.id, join);
    },
    leave: (actor, room, successorId) =>
      apply(actor, room, successorId ?? actor.id, (state) => leave(state, successorId !== undefined)),
    async invite(actor, room, userId, role) {
      const state = await store.state(room, actor, userId);
      if (!state) throw roomNotFound();
      // Checked before the look-up: whoever may not invite must not learn which users exist.
      demand(state.kind, state.actor.standing, "invite");
      const users = await demandUsers([userId], deps.findUsers);
      const [user] = users as [User];
      if (invite(state, user, role).events.length === 0) return undefined;
      await demandNotBlocked(actor, users, blocks);
      const [stranger] = await strangersOf(actor, room, users, invitations);
      if (stranger) return (await invitations.invite(room, actor, [stranger], role))[0];
      await apply(actor, room, userId, (now) => invite(now, user, role));
      return undefined;
    },
    promote: (actor, room, userId, role) => apply(actor, room, userId, (state) => promote(state, role)),
    remove: (actor, room, userId) => apply(actor, room, userId, remove),
    rename: (actor, room, title) => apply(actor, room, actor.id, (state) => rename(state, title)),
    close: (actor, room) => apply(actor, room, actor.id, close),
    async prefer(actor, room, preferences) {
      if (await store.prefer(room, actor.id, preferences)) return;
      const state = await store.state(room, actor, actor.id);
      if (!state) throw roomNotFound();
      demand(state.kind, state.actor.standing, "mark_read");
      throw new RoomError("member_not_found", "there is no such member");
    },
  };
}
