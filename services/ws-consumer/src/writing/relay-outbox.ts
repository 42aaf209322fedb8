import { pause } from "@parley/runtime/deadline";
import type { Report } from "./report.ts";

/** A row that waits for the log. */
export type Waiting = Readonly<{
  id: number;
  room: string;
  /** The log entry as JSON. */
  entry: string;
  receipt: string | null;
  member: string | null;
  role: string | null;
  roomState: string | null;
}>;

export interface Outbox {
  /** The oldest rows of these shards, in order. */
  waiting(shards: readonly number[], max: number): Promise<readonly Waiting[]>;
  /** Removes rows that the log has. */
  done(ids: readonly number[]): Promise<void>;
}

/** Tells the producers who may post where. Of two calls about the same, the one with the greater version counts. */
export interface AccessBoard {
  setMember(room: string, userId: string, role: string, version: number): Promise<void>;
  setRoom(room: string, state: string, version: number): Promise<void>;
}

/** Appends an entry to the log, once however often it is called; resolves when it is on disk. */
export type AppendEntry = (row: Waiting) => Promise<void>;

export type RelayParts = Readonly<{
  outbox: Outbox;
  board: AccessBoard;
  append: AppendEntry;
  /** The shards that this instance writes: their rows are its business. */
  shards: () => readonly number[];
  /** Calls back whenever somebody says that the outbox was filled; gives the function that ends that. */
  listen: (onFilled: () => void) => () => void;
  report: Report;
}>;

const ROWS_MAX = 200;
/** How often it looks by itself, ms: a lost call costs no more than that. */
const LOOK_EVERY_MS = 500;
const RETRY_MS = 200;

/**
 * Moves the outbox to the log: rows of a room one after the other, rooms side by side. Two relays at once do no harm:
 * each appends the rows of a room in their order under ids that the log and Postgres know, so whatever comes second
 * is a duplicate; and what the board holds has versions. Gives the function that ends it.
 */
export function relayOutbox(parts: RelayParts): () => Promise<void> {
  const stop = new AbortController();
  let wake = () => {};
  const stopListening = parts.listen(() => wake());
  const run = async () => {
    let isFailing = false;
    while (!stop.signal.aborted) {
      const filled = new Promise<void>((resolve) => {
        wake = resolve;
      });
      try {
        const moved = await moveRows(parts);
        isFailing = false;
        if (moved < ROWS_MAX) await Promise.race([filled, pause(LOOK_EVERY_MS, stop.signal)]);
      } catch (err) {
        if (!isFailing) parts.report("warn", "the outbox cannot be moved to the log", { err });
        isFailing = true;
        await pause(RETRY_MS, stop.signal);
      }
    }
  };
  const running = run();
  return async () => {
    stop.abort();
    wake();
    stopListening();
    await running;
  };
}

/** Moves what waits now; gives how many rows that were. @throws {Error} if a row could not be moved. */
async function moveRows({ outbox, board, append, shards }: RelayParts): Promise<number> {
  const own = shards();
  if (own.length === 0) return 0;
  const rows = await outbox.waiting(own, ROWS_MAX);
  const rooms = Map.groupBy(rows, ({ room }) => room);
  const moves = [...rooms.values()].map(async (ofRoom) => {
    const done: number[] = [];
    try {
      for (const row of ofRoom) {
        await tell(row, board);
        await append(row);
        done.push(row.id);
      }
    } finally {
      if (done.length > 0) await outbox.done(done);
    }
  });
  const failed = (await Promise.allSettled(moves)).find((move) => move.status === "rejected");
  if (failed) throw failed.reason;
  return rows.length;
}

/** Before the log has it: whoever is removed cannot post from here on, and who comes in can. */
async function tell({ id, room, member, role, roomState }: Waiting, board: AccessBoard): Promise<void> {
  if (roomState !== null) await board.setRoom(room, roomState, id);
  if (member !== null && role !== null) await board.setMember(room, member, role, id);
}
