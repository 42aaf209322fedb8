import { Refusal } from "@parley/protocol/codes";
import type { LogEvent } from "@parley/protocol/events";
import { sleep } from "@parley/runtime/deadline";
import type { OutboxRow } from "./room-store.ts";
import { RoomError } from "./rules/rights.ts";
import type { ChangeEvent, RoomChange } from "./rules/room-change.ts";
import type { User } from "./rules/user.ts";

/** Waits for the seqs of entries on their way through outbox, log and writer. */
export interface Receipts {
  /** Reserves a subject for one entry's receipt. */
  open(): string;
  /** Resolves with the seq once the entry is stored, or with undefined after a deadline. */
  wait(subject: string): Promise<number | undefined>;
}

/** Announces changes to other instances; no call throws or waits. */
export interface ChangeNotices {
  /** The outbox has new rows. */
  outboxFilled(): void;
  /** The rights of a user to a room have changed, or without a user those of all. A hint: receivers check Postgres. */
  accessChanged(room: string, userId?: string): void;
}

export type ChangeDependencies = Readonly<{
  /** Takes a turn of the rate that a user's changes share; returns 0, or the ms until the next one. */
  takeTurn: (userId: string) => number;
  receipts: Receipts;
  notices: ChangeNotices;
  turns: RoomTurns;
  now: () => Date;
  freshId: () => string;
}>;

type Attempt = Readonly<{ isApplied: boolean; receipt: string | undefined }>;

/** How long a change is tried again that loses against concurrent ones, ms. */
const TRY_MS = 2_000;
/** Longest pause between two attempts, ms: a random one, so that two instances do not collide again. */
const PAUSE_MAX_MS = 30;
/** Changes of one room that may wait for their turn here. */
const TURNS_MAX = 200;

type Rows = Readonly<{ rows: OutboxRow[]; receipt: string | undefined }>;

/** Makes the outbox rows of a change. The last one has the receipt, so that it stands for all of them. */
export function rowsOf(
  room: string,
  actor: User,
  { events }: RoomChange,
  { receipts, now, freshId }: ChangeDependencies,
): Rows {
  const receipt = events.length > 0 ? receipts.open() : undefined;
  const at = now().toISOString();
  const rows = events.map((event, i) => {
    const { type, ...rest } = event;
    const entry = { type, room, id: freshId(), author: actor, at, ...rest } as LogEvent;
    const row = { entry: JSON.stringify(entry), ...rightsOf(event) };
    return i === events.length - 1 && receipt !== undefined ? { ...row, receipt } : row;
  });
  return { rows, receipt };
}

/** The columns of an outbox row that change rights or the room. */
function rightsOf(event: ChangeEvent): Omit<OutboxRow, "entry"> {
  if (event.type === "room_updated") {
    const { title, isDeleted } = event;
    return { title, roomState: isDeleted ? "none" : "open" };
  }
  return { member: event.user, role: event.type === "member_left" ? "none" : event.role };
}

/**
 * Applies a change, repeating it while concurrent changes win, and waits until it is in the room's history.
 *
 * @param actor whose rate limit counts the change, however often it is tried
 * @param attempt checks the change against the current state and applies it; `isApplied` is false if the state changed
 *   meanwhile, `receipt` is undefined if there is nothing to change
 * @returns the seq of the last entry; undefined if there was nothing to change, or history is late
 * @throws {Refusal} `rate_limited`
 * @throws {RoomError} `conflict` if others win for two seconds, and whatever `attempt` throws
 */
export async function applyChange(
  actor: User,
  room: string,
  attempt: () => Promise<Attempt>,
  { receipts, notices, turns, takeTurn }: ChangeDependencies,
  onApplied: () => void = () => undefined,
): Promise<number | undefined> {
  const retryAfterMs = takeTurn(actor.id);
  if (retryAfterMs > 0) throw new Refusal("rate_limited", "too many changes", { retryAfterMs });
  const receipt = await turns.take(room, () => attemptRepeatedly(attempt));
  if (receipt === undefined) return undefined;
  const stored = receipts.wait(receipt);
  onApplied();
  notices.outboxFilled();
  return await stored;
}

/** Returns the receipt of the change; undefined if there is nothing to change. */
async function attemptRepeatedly(attempt: () => Promise<Attempt>): Promise<string | undefined> {
  const deadline = performance.now() + TRY_MS;
  do {
    const { isApplied, receipt } = await attempt();
    if (isApplied || receipt === undefined) return receipt;
    await sleep(Math.random() * PAUSE_MAX_MS);
  } while (performance.now() < deadline);
  throw conflict();
}

const conflict = () => new RoomError("conflict", "others are changing this room: try again");

/** Lets the changes of one room at this instance follow one another: those at once would only lose against each other. */
export class RoomTurns {
  readonly #rooms = new Map<string, { last: Promise<unknown>; size: number }>();

  /**
   * Runs `work` after those before it of the same room.
   *
   * @throws {RoomError} `conflict` if too many wait already
   * @throws {Refusal} `unavailable` if those before it took longer than two seconds: Postgres is late
   */
  async take<T>(room: string, work: () => Promise<T>): Promise<T> {
    const turns = this.#rooms.get(room) ?? { last: Promise.resolve(), size: 0 };
    if (turns.size >= TURNS_MAX) throw conflict();
    this.#rooms.set(room, turns);
    turns.size += 1;
    const calledAt = performance.now();
    const result = turns.last.then(() => {
      if (performance.now() - calledAt > TRY_MS)
        throw new Refusal("unavailable", "earlier changes of this room are late", { retryAfterMs: 1_000 });
      return work();
    });
    turns.last = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      turns.size -= 1;
      if (turns.size === 0) this.#rooms.delete(room);
    }
  }
}
