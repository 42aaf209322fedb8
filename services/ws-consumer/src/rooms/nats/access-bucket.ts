import { JetStreamApiError, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  type AccessValue,
  decodeAccess,
  encodeAccess,
  FILLED_KEY,
  memberKey,
  ROOMS_BUCKET,
  roomKey,
} from "@parley/protocol/access";
import type { AccessBucket } from "../../writing/relay-outbox.ts";

const WRONG_LAST_SEQUENCE = 10_071;
/** Version of a deleted room: no later value replaces it. */
const DELETED_VERSION = Number.MAX_SAFE_INTEGER;
/** Values written in parallel when the bucket is filled. */
const FILL_BATCH = 100;

type StoredRight = Readonly<{ room: string; userId: string | null; state: string; version: number }>;

/** What the bucket is filled from. */
type RightsSource = Readonly<{
  /** Identifies the database: another one after a backup was restored. It contains no space. */
  identity: () => Promise<string>;
  /** Reads all rights, page by page. */
  readAll: () => AsyncIterable<readonly StoredRight[]>;
}>;

type PreparedBucket = AccessBucket &
  Readonly<{
    /**
     * Creates the bucket if it is missing, and fills it unless that was done before from the same database under the same
     * rule. Rights of another database are removed: their versions say nothing in this one. Meanwhile the bucket is not
     * marked as filled. One instance at a time should call it.
     *
     * @throws {Error} if the log or Postgres cannot be reached.
     */
    prepare: () => Promise<void>;
  }>;

/**
 * Creates the bucket of rights in NATS (docs/decisions/0014). A value replaces only older ones, also when several
 * instances write.
 *
 * @param rule the rule under which the bucket is filled, without spaces: filled under another one, it is filled again
 */
export function createAccessBucket(
  nats: NatsConnection,
  replicas: number,
  source: RightsSource,
  rule: string,
): PreparedBucket {
  let opened: Promise<KV> | undefined;
  const open = () => {
    opened ??= new Kvm(jetstream(nats))
      .create(ROOMS_BUCKET, { history: 1, replicas, allow_direct: true })
      .catch((error) => {
        opened = undefined;
        throw error;
      });
    return opened;
  };
  const set = async (key: string, value: AccessValue) => {
    const bucket = await open();
    while (!(await putNewer(bucket, key, value)));
  };
  const access: AccessBucket = {
    setMember: (room, userId, state, version) => set(memberKey(room, userId), { version, state }),
    setRoom: (room, state, version) =>
      set(roomKey(room), { version: state === "none" ? DELETED_VERSION : version, state }),
  };
  const setRight = ({ room, userId, state, version }: StoredRight) =>
    userId === null ? access.setRoom(room, state, version) : access.setMember(room, userId, state, version);
  return {
    ...access,
    async prepare() {
      const bucket = await open();
      const filled = await bucket.get(FILLED_KEY).catch((error) => {
        // The bucket may have been deleted: open it again the next time.
        opened = undefined;
        throw error;
      });
      const identity = await source.identity();
      const mark = `${rule} ${identity}`;
      const before = filled?.string() ?? "";
      if (before === mark) return;
      if (before.endsWith(` ${identity}`)) await bucket.delete(FILLED_KEY);
      else await purge(nats);
      for await (const page of source.readAll()) {
        for (let i = 0; i < page.length; i += FILL_BATCH)
          await Promise.all(page.slice(i, i + FILL_BATCH).map(setRight));
      }
      await bucket.put(FILLED_KEY, mark);
    },
  };
}

async function purge(nats: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  await jsm.streams.purge(`KV_${ROOMS_BUCKET}`);
}

/** Writes a value over an older one. Returns false if another instance wrote meanwhile; call it again then. */
async function putNewer(bucket: KV, key: string, value: AccessValue): Promise<boolean> {
  const present = await bucket.get(key);
  if (present && present.length > 0 && decodeAccess(present.string()).version >= value.version) return true;
  try {
    if (present) await bucket.update(key, encodeAccess(value), present.revision);
    else await bucket.create(key, encodeAccess(value));
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return false;
    throw error;
  }
}
