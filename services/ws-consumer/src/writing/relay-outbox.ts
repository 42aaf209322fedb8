import { sleep } from "@parley/runtime/deadline";

/** An outbox row that is not in the log yet. */
export type PendingRow = Readonly<{
  id: number;
  room: string;
  /** Log entry as JSON; null if only a right changes. */
  entry: string | null;
  receipt: string | null;
  member: string | null;
  role: string | null;
  roomState: string | null;
  /** How long it has been waiting, s. */
  waited: number;
}>;

export interface EventOutbox {
  /** Returns the oldest rows of these shards, in order. */
  pending(shards: readonly number[], max: number): Promise<readonly PendingRow[]>;
  /** Deletes rows that the log has. */
  delete(ids: readonly number[]): Promise<void>;
}

/** Rights that producers read. Of two calls for the same right, the one with the greater version wins. */
export interface AccessBucket {
  setMember(room: string, userId: string, role: string, version: number): Promise<void>;
  setRoom(room: string, state: string, version: number): Promise<void>;
}

/** Appends an entry to the log, once however often it is called; resolves when it is on disk. */
export type AppendEntry = (row: PendingRow & Readonly<{ entry: string }>) => Promise<void>;

type RelayDependencies = Readonly<{
  outbox: EventOutbox;
  access: AccessBucket;
  append: AppendEntry;
  /** Shards that this instance writes: it relays their rows. */
  shards: () => readonly number[];
  /** Subscribes to announcements of new rows; returns a function that unsubscribes. */
  listen: (onFilled: () => void) => () => void;
  onFault: (error: unknown, what: string) => void;
}>;

const ROWS_MAX = 200;
/** Interval of polling, ms: the delay of a row whose announcement was lost. */
const POLL_EVERY_MS = 500;
const RETRY_MS = 200;

/**
 * Moves outbox rows to the log (docs/decisions/0014): the rows of a room one after the other, rooms in parallel. Two
 * relays at once do no harm: both append a room's rows in order under the same ids, so the second append is a duplicate,
 * and rights have versions.
 *
 * @returns `stop`; `oldestSeconds`: age of the oldest row that this relay knows of, 0 if it has moved all
 */
export function relayOutbox(deps: RelayDependencies): Readonly<{
  stop: () => Promise<void>;
  oldestSeconds: () => number;
}> {
  const stop = new AbortController();
  /** When the oldest row was written that could not be moved; monotonic, ms. */
  let oldestAt: number | undefined;
  const note = (rows: readonly PendingRow[]) => {
    const [first] = rows;
    oldestAt = first && performance.now() - first.waited * 1_000;
  };
  let wake = () => {};
  const stopListening = deps.listen(() => wake());
  const run = async () => {
    let isFailing = false;
    while (!stop.signal.aborted) {
      const filled = new Promise<void>((resolve) => {
        wake = resolve;
      });
      try {
        const moved = await moveRows(deps, note);
        oldestAt = undefined;
        isFailing = false;
        if (moved < ROWS_MAX) await Promise.race([filled, sleep(POLL_EVERY_MS, stop.signal)]);
      } catch (error) {
        if (!isFailing) deps.onFault(error, "the outbox cannot be moved to the log");
        isFailing = true;
        await sleep(RETRY_MS, stop.signal);
      }
    }
  };
  const running = run();
  return {
    oldestSeconds: () => (oldestAt === undefined ? 0 : (performance.now() - oldestAt) / 1_000),
    stop: async () => {
      stop.abort();
      wake();
      stopListening();
      await running;
    },
  };
}

/** Moves the pending rows and returns their number. @throws {Error} if a row could not be moved. */
async function moveRows(
  { outbox, access, append, shards }: RelayDependencies,
  note: (rows: readonly PendingRow[]) => void,
): Promise<number> {
  const own = shards();
  if (own.length === 0) return 0;
  const rows = await outbox.pending(own, ROWS_MAX);
  note(rows);
  const rooms = Map.groupBy(rows, ({ room }) => room);
  const moves = [...rooms.values()].map(async (ofRoom) => {
    const moved: number[] = [];
    try {
      for (const row of ofRoom) {
        await setRights(row, access);
        const { entry } = row;
        if (entry !== null) await append({ ...row, entry });
        moved.push(row.id);
      }
    } finally {
      if (moved.length > 0) await outbox.delete(moved);
    }
  });
  const failed = (await Promise.allSettled(moves)).find((move) => move.status === "rejected");
  if (failed) throw failed.reason;
  return rows.length;
}

/** Sets the rights before the entry is appended: members who see the event find the rights changed. */
async function setRights(
  { id, room, member, role, roomState }: PendingRow,
  access: AccessBucket,
): Promise<void> {
  if (roomState !== null) await access.setRoom(room, roomState, id);
  if (member !== null && role !== null) await access.setMember(room, member, role, id);
}
