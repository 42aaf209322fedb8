import { shardOf } from "@parley/protocol/rooms";
import type { Database } from "@parley/runtime/postgres";
import type { OutboxRow, RoomStore } from "../room-store.ts";
import { quotaText, type RoomQuotas } from "../rules/quotas.ts";
import { type Role, RoomError, type RoomKind } from "../rules/rights.ts";
import { CHANGE, CHANGE_MESSAGE, CREATE, MESSAGE, PREFER, STATE } from "./room-statements.ts";

type StateRow = {
  kind: RoomKind;
  title: string | null;
  version: number;
  role: Role | null;
  targetRole: Role | null;
  targetName: string | null;
  owners: number;
};
type MessageStateRow = {
  kind: RoomKind;
  version: number;
  role: Role | null;
  authorId: string | null;
  isBlocked: boolean;
};
type Changed = { changed: number; quota?: keyof RoomQuotas | "blocked" | null };

/**
 * Creates the store of rooms and members. Log entries are written to the outbox in the same statement
 * (docs/decisions/0014).
 */
export function createRoomStore(database: Database, shards: number, quotas: RoomQuotas): RoomStore {
  const { ROOMS_JOINED_MAX, GROUP_MEMBERS_MAX, ROOMS_MADE_PER_DAY } = quotas;
  const isChanged = ([row]: readonly Changed[]) => {
    if (row?.quota === "blocked") throw new RoomError("blocked", "one of the two has blocked the other");
    if (row?.quota) throw new RoomError("quota_exceeded", quotaText(row.quota, quotas));
    return row?.changed === 1;
  };
  return {
    async state(room, actor, targetId) {
      const [row] = await database.query<StateRow>(STATE, [room, actor.id, targetId]);
      if (!row) return undefined;
      const { kind, title, version, owners, targetRole, targetName } = row;
      const target =
        targetRole === null || targetName === null
          ? undefined
          : { user: { id: targetId, username: targetName }, role: targetRole };
      const standing = row.role ?? "outsider";
      return { id: room, kind, title, version, owners, actor: { user: actor, standing }, target };
    },
    async create({ id, kind, title, createdBy }, rows) {
      const room = [paramOf(rows), shardOf(id, shards), id, kind, title, createdBy];
      const params = [...room, ROOMS_JOINED_MAX, GROUP_MEMBERS_MAX, ROOMS_MADE_PER_DAY];
      return isChanged(await database.query<Changed>(CREATE, params));
    },
    async change(room, version, rows) {
      const change = [paramOf(rows), shardOf(room, shards), room, version];
      const params = [...change, ROOMS_JOINED_MAX, GROUP_MEMBERS_MAX];
      return isChanged(await database.query<Changed>(CHANGE, params));
    },
    async message(room, seq, actorId) {
      const [row] = await database.query<MessageStateRow>(MESSAGE, [room, seq, actorId]);
      if (!row) return undefined;
      const { kind, version, role, authorId, isBlocked } = row;
      const standing = role ?? "outsider";
      return { kind, version, actorId, standing, isBlocked, authorId: authorId ?? undefined };
    },
    async changeMessage(room, version, seq, { entry, receipt }) {
      const params = [room, version, seq, shardOf(room, shards), entry, receipt ?? null];
      return isChanged(await database.query<Changed>(CHANGE_MESSAGE, params));
    },
    async prefer(room, userId, { isMuted, isPinned }) {
      const params = [room, userId, isMuted ?? null, isPinned ?? null];
      return (await database.query(PREFER, params)).length === 1;
    },
  };
}

/** The rows as one JSON parameter. */
function paramOf(rows: readonly OutboxRow[]): string {
  const plain = rows.map(({ entry, member, title, ...rest }) => ({
    ...rest,
    entry: JSON.parse(entry) as object,
    member: member?.id,
    username: member?.username,
    title,
    has_title: title !== undefined,
  }));
  return JSON.stringify(plain);
}
