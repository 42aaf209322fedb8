import { JetStreamApiError, jetstream } from "@nats-io/jetstream";
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
import type { AccessBoard } from "../../writing/relay-outbox.ts";

const WRONG_LAST_SEQUENCE = 10_071;
/** A room that is gone stays so, whatever else is said of it. */
const GONE_VERSION = Number.MAX_SAFE_INTEGER;
/** Entries that are written side by side when the bucket is filled. */
const FILL_BATCH = 100;

/** What a bucket that was made anew is filled with. */
export type Fill = () => Promise<
  readonly Readonly<{ room: string; userId: string | null; state: string; version: number }>[]
>;

export type Board = AccessBoard &
  Readonly<{
    /**
     * Makes the bucket if it is not there, and fills it unless that was done before under the same `mark`.
     *
     * @throws {Error} if the log cannot be reached.
     */
    prepare: () => Promise<void>;
  }>;

/**
 * The bucket of rights in NATS. A value is written only over an older one, whoever else writes. `mark` says under which
 * rule it was filled: under another one it is filled again.
 */
export function createAccessBoard(nats: NatsConnection, replicas: number, fill: Fill, mark: string): Board {
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
  const board: AccessBoard = {
    setMember: (room, userId, state, version) => set(memberKey(room, userId), { version, state }),
    setRoom: (room, state, version) =>
      set(roomKey(room), { version: state === "none" ? GONE_VERSION : version, state }),
  };
  return {
    ...board,
    async prepare() {
      const bucket = await open();
      const filled = await bucket.get(FILLED_KEY).catch((error) => {
        // The bucket may be gone: next time it is made anew.
        opened = undefined;
        throw error;
      });
      if (filled?.string() === mark) return;
      const rights = await fill();
      for (let i = 0; i < rights.length; i += FILL_BATCH) {
        const puts = rights
          .slice(i, i + FILL_BATCH)
          .map(({ room, userId, state, version }) =>
            userId === null
              ? board.setRoom(room, state, version)
              : board.setMember(room, userId, state, version),
          );
        await Promise.all(puts);
      }
      await bucket.put(FILLED_KEY, mark);
    },
  };
}

/** False if somebody else has written meanwhile: then it is to be looked at again. */
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
