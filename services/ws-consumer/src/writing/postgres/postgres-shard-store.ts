import { crashPoint } from "@parley/runtime/crash-point";
import type { Database } from "@parley/runtime/postgres";
import type { ShardPosition } from "../shard-log.ts";
import {
  FencedError,
  InstallationError,
  LEASE_MS,
  type ShardState,
  type ShardStore,
} from "../shard-store.ts";
import { SharedWrites } from "./shared-writes.ts";

/** An instance that has not reported for this long does not count as alive, ms. */
const ALIVE_MS = 5_000;
/** Surveys renew a lease at this age, ms. Each batch renews it as well, so a busy shard needs no survey. */
const RENEW_AFTER_MS = 1_000;

const POSITION = `shard, epoch, cursor, cursor_time as "cursorTime", stream_created as "streamCreated"`;

const INSTALL = `
with installation as (
  insert into chat.installation (shards) values ($1::smallint) on conflict (only_one) do nothing returning shards
)
insert into chat.shards (shard) select generate_series(0, shards - 1) from installation`;

const SURVEY = `
with seen as (
  insert into chat.writers as w (instance, seen_at) select $1, now() where $2::boolean
  on conflict (instance) do update set seen_at = now()
), gone as (
  delete from chat.writers where seen_at < now() - interval '1 minute' or (instance = $1 and not $2::boolean)
), renewed as (
  update chat.shards set lease_until = now() + $3 * interval '1 millisecond'
  where shard in (
    select shard from chat.shards
    where holder = $1 and $2::boolean and lease_until < now() + ($3::int - $5::int) * interval '1 millisecond'
    order by shard for update
  )
)
select shard, epoch, holder, holder is null or lease_until <= now() as "isFree", (
  select string_agg(instance, ' ') from chat.writers
  where instance <> $1 and seen_at > now() - $4 * interval '1 millisecond'
) as others
from chat.shards order by shard`;

const ACQUIRE = `
update chat.shards
set holder = $2, epoch = epoch + 1, lease_until = now() + $3 * interval '1 millisecond'
where shard = $1 and (holder is null or holder = $2 or lease_until <= now())
returning ${POSITION}`;

const RELEASE = `
update chat.shards set holder = null, lease_until = now() where shard = $1 and epoch = $2`;

const REBASE = `
update chat.shards set stream_created = $4, cursor = $5, cursor_time = null, epoch = epoch + 1
where shard = $1 and epoch = $2 and cursor = $3
returning ${POSITION}`;

/** Creates the writers' port to Postgres. Names of instances must not contain spaces. */
export function createShardStore(database: Database): ShardStore {
  const writes = new SharedWrites(database);
  return {
    async install(shards) {
      await database.query(INSTALL, [shards]);
      const [installed] = await database.query<{ shards: number }>("select shards from chat.installation");
      if (installed?.shards === shards) return;
      const text = `LOG_SHARDS is ${shards}, but this database was made for ${installed?.shards}: it cannot be changed`;
      throw new InstallationError(text);
    },
    async survey(instance, isAble) {
      const params = [instance, isAble, LEASE_MS, ALIVE_MS, RENEW_AFTER_MS];
      const rows = await database.query<ShardState & { others: string | null }>(SURVEY, params);
      const others = rows[0]?.others?.split(" ") ?? [];
      return { writers: (isAble ? [...others, instance] : others).sort(), shards: rows };
    },
    async acquire(shard, instance) {
      const [position] = await database.query<ShardPosition>(ACQUIRE, [shard, instance, LEASE_MS]);
      return position;
    },
    async release(shard, epoch) {
      crashPoint("writer-before-release");
      await database.query(RELEASE, [shard, epoch]);
    },
    async leave(instance) {
      await database.query("delete from chat.writers where instance = $1", [instance]);
    },
    async position(shard) {
      const text = `select ${POSITION} from chat.shards where shard = $1`;
      const [position] = await database.query<ShardPosition>(text, [shard]);
      if (!position) throw new InstallationError(`this database has no shard ${shard}`);
      return position;
    },
    async rebase({ shard, epoch, cursor }, streamCreated, newCursor) {
      const params = [shard, epoch, cursor, streamCreated, newCursor];
      const [position] = await database.query<ShardPosition>(REBASE, params);
      if (!position) throw new FencedError(`shard ${shard} is not at epoch ${epoch} and cursor ${cursor}`);
      return position;
    },
    turn: writes.turn,
    write: writes.write,
  };
}
