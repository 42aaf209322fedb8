import { directIdOf } from "@parley/protocol/room-ids";
import { kindOf } from "@parley/protocol/rooms";
import type { NewRoom, RoomStore, Wishes } from "./room-store.ts";
import { demand, type Role, RoomError, roomNotFound } from "./rules/rights.ts";
import {
  close,
  foundRoom,
  invite,
  join,
  leave,
  type Person,
  promote,
  type RoomChange,
  type RoomState,
  remove,
  rename,
} from "./rules/room-change.ts";
import { rowsOf, type SettleParts, settle } from "./settle.ts";

/** Gives the users of these ids; ids that nobody has are left out. */
export type FindUsers = (ids: readonly string[]) => Promise<readonly Person[]>;

export type ChangeRoomsParts = SettleParts &
  Readonly<{
    store: RoomStore;
    findUsers: FindUsers;
    freshGroupId: () => string;
    /** A channel is there as soon as somebody wants it (CHANNEL_AUTO_CREATE). */
    isAutoCreated: boolean;
  }>;

/** What people do to rooms. Each waits until the change is in history, so that they find what they have done. */
export interface ChangeRooms {
  createChannel(actor: Person, name: string, title: string | null): Promise<string>;
  createGroup(actor: Person, title: string, userIds: readonly string[]): Promise<string>;
  /** The direct chat with somebody: made by the first who asks. */
  openDirect(actor: Person, userId: string): Promise<{ room: string; isNew: boolean }>;
  join(actor: Person, room: string): Promise<void>;
  leave(actor: Person, room: string, successorId?: string): Promise<void>;
  invite(actor: Person, room: string, userId: string, role: Role): Promise<void>;
  promote(actor: Person, room: string, userId: string, role: Role): Promise<void>;
  remove(actor: Person, room: string, userId: string): Promise<void>;
  rename(actor: Person, room: string, title: string | null): Promise<void>;
  close(actor: Person, room: string): Promise<void>;
  prefer(actor: Person, room: string, wishes: Wishes): Promise<void>;
}

/** Makes a room if its name is free: whether it was. */
async function create(
  actor: Person,
  room: Omit<NewRoom, "createdBy">,
  change: RoomChange,
  parts: ChangeRoomsParts,
): Promise<boolean> {
  const { rows, receipt } = rowsOf(room.id, actor, change, parts);
  let isNew = false;
  const attempt = async () => {
    isNew = await parts.store.create({ ...room, createdBy: actor.id }, rows);
    return { made: isNew, receipt: isNew ? receipt : undefined };
  };
  await settle(attempt, parts);
  return isNew;
}

type Judge = (state: RoomState) => RoomChange;

/** Changes a room to what is judged of it. */
async function change(actor: Person, room: string, targetId: string, judge: Judge, parts: ChangeRoomsParts) {
  const attempt = async () => {
    const state = await parts.store.state(room, actor, targetId);
    if (!state) throw roomNotFound();
    const { rows, receipt } = rowsOf(room, actor, judge(state), parts);
    return { made: rows.length > 0 && (await parts.store.change(room, state.version, rows)), receipt };
  };
  await settle(attempt, parts, () => parts.notices.accessChanged(room));
}

async function find(ids: readonly string[], findUsers: FindUsers): Promise<readonly Person[]> {
  if (ids.length === 0) return [];
  const users = await findUsers(ids);
  const missing = ids.find((id) => !users.some((user) => user.id === id));
  if (missing !== undefined) throw new RoomError("user_not_found", `there is no user ${missing}`);
  return users;
}

/** The use cases of rooms. @throws {RoomError} if a rule is broken. */
export function createChangeRooms(parts: ChangeRoomsParts): ChangeRooms {
  const { store } = parts;
  const apply = (actor: Person, room: string, targetId: string, judge: Judge) =>
    change(actor, room, targetId, judge, parts);
  return {
    async createChannel(actor, name, title) {
      const room = { id: name, kind: "channel", title } as const;
      if (await create(actor, room, foundRoom("channel", title, actor, []), parts)) return name;
      throw new RoomError("room_exists", "there is a channel of this name");
    },
    async createGroup(actor, title, userIds) {
      const others = await find(
        [...new Set(userIds)].filter((id) => id !== actor.id),
        parts.findUsers,
      );
      const id = parts.freshGroupId();
      await create(actor, { id, kind: "group", title }, foundRoom("group", title, actor, others), parts);
      return id;
    },
    async openDirect(actor, userId) {
      if (userId === actor.id) throw new RoomError("forbidden", "a direct chat is with somebody else");
      const others = await find([userId], parts.findUsers);
      const id = directIdOf(actor.id, userId);
      const founded = foundRoom("direct", null, actor, others);
      return { room: id, isNew: await create(actor, { id, kind: "direct", title: null }, founded, parts) };
    },
    async join(actor, room) {
      if (parts.isAutoCreated && kindOf(room) === "channel") {
        const joined = { events: [{ type: "member_joined", user: actor, role: "member" }] } as const;
        if (await create(actor, { id: room, kind: "channel", title: null }, joined, parts)) return;
      }
      await apply(actor, room, actor.id, join);
    },
    leave: (actor, room, successorId) =>
      apply(actor, room, successorId ?? actor.id, (state) => leave(state, successorId !== undefined)),
    async invite(actor, room, userId, role) {
      const state = await store.state(room, actor, userId);
      if (!state) throw roomNotFound();
      // Before anybody is looked up: who may not invite does not learn who is there.
      demand(state.kind, state.actor.standing, "invite");
      const [user] = await find([userId], parts.findUsers);
      await apply(actor, room, userId, (now) => invite(now, user as Person, role));
    },
    promote: (actor, room, userId, role) => apply(actor, room, userId, (state) => promote(state, role)),
    remove: (actor, room, userId) => apply(actor, room, userId, remove),
    rename: (actor, room, title) => apply(actor, room, actor.id, (state) => rename(state, title)),
    close: (actor, room) => apply(actor, room, actor.id, close),
    async prefer(actor, room, wishes) {
      if (await store.prefer(room, actor.id, wishes)) return;
      const state = await store.state(room, actor, actor.id);
      if (!state) throw roomNotFound();
      demand(state.kind, state.actor.standing, "mark_read");
      throw new RoomError("member_not_found", "there is no such member");
    },
  };
}
