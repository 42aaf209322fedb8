import { directIdOf } from "@parley/protocol/room-ids";
import { withDeadline } from "@parley/runtime/deadline";
import { demandUsers, type FindUsers } from "./find-users.ts";
import { RoomError } from "./rules/rights.ts";
import type { User } from "./rules/user.ts";

/** A user whom somebody has blocked. */
export type Block = Readonly<{ user: User; at: string }>;

/** The version of a changed right; undefined if the two have no direct chat. */
type Changed = Readonly<{ version: number | undefined }>;

/** Port that stores blocks. Each call is one statement, which also changes the right to the direct chat `room`. */
export interface BlockStore {
  /**
   * Adds a block; one that there is stays as it is.
   *
   * @throws {RoomError} `quota_exceeded` if a user has blocked too many
   */
  add(userId: string, blocked: User, room: string): Promise<Block & Changed>;
  /** Removes a block, if there is one. */
  remove(userId: string, blockedId: string, room: string): Promise<Changed>;
  /** The newest blocks of a user, at most 1,000. */
  list(userId: string): Promise<readonly Block[]>;
  /** Those of these users who have blocked a user. */
  blockersOf(userId: string, ids: readonly string[]): Promise<readonly string[]>;
}

/** Use cases of blocks. They throw a `RoomError`. */
export interface Blocks {
  add(actor: User, userId: string): Promise<Block>;
  remove(actor: User, userId: string): Promise<void>;
  list(actor: User): Promise<readonly Block[]>;
}

type BlocksDependencies = Readonly<{
  blocks: BlockStore;
  findUsers: FindUsers;
  /** Sets a right that producers read, under the version of its outbox row. */
  setMember: (room: string, userId: string, state: string, version: number) => Promise<void>;
  notices: Readonly<{ outboxFilled: () => void }>;
}>;

/** How long an answer waits for the producers to be told, ms; the relay of the outbox tells them in any case. */
const TELL_MS = 1_000;

/** Creates the use cases of blocks. */
export function createBlocks({ blocks, findUsers, setMember, notices }: BlocksDependencies): Blocks {
  const tell = async (room: string, userId: string, state: string, { version }: Changed) => {
    if (version === undefined) return;
    notices.outboxFilled();
    const told = setMember(room, userId, state, version);
    await withDeadline(told, TELL_MS, "the rights of producers").catch(() => undefined);
  };
  return {
    async add(actor, userId) {
      if (userId === actor.id) throw new RoomError("forbidden", "you cannot block yourself");
      const [user] = (await demandUsers([userId], findUsers)) as [User];
      const room = directIdOf(actor.id, userId);
      let added = await blocks.add(actor.id, user, room);
      // Whoever opens the chat at this moment has not seen the block, nor has its statement seen the chat: a second one does.
      if (added.version === undefined) added = await blocks.add(actor.id, user, room);
      await tell(room, userId, "blocked", added);
      return { user: added.user, at: added.at };
    },
    async remove(actor, userId) {
      const room = directIdOf(actor.id, userId);
      await tell(room, userId, "member", await blocks.remove(actor.id, userId, room));
    },
    list: (actor) => blocks.list(actor.id),
  };
}

/** @throws {RoomError} `blocked` if one of these users has blocked the actor */
export async function demandNotBlocked(
  actor: User,
  users: readonly User[],
  { blockersOf }: Pick<BlockStore, "blockersOf">,
): Promise<void> {
  if (users.length === 0) return;
  const ids = users.map(({ id }) => id);
  const [id] = await blockersOf(actor.id, ids);
  const blocker = users.find((user) => user.id === id);
  if (blocker) throw new RoomError("blocked", `${blocker.username} has blocked you`);
}
