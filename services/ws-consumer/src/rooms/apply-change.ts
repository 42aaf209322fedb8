import type { LogEvent } from "@parley/protocol/events";
import type { OutboxRow } from "./room-store.ts";
import type { RoomChange, RoomEvent } from "./rules/room-change.ts";
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
  receipts: Receipts;
  notices: ChangeNotices;
  now: () => Date;
  freshId: () => string;
}>;

/** Attempts of a change that loses against concurrent ones. */
const ATTEMPTS_MAX = 10;

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
function rightsOf(event: RoomEvent): Omit<OutboxRow, "entry"> {
  if (event.type === "room_updated") {
    const { title, isDeleted } = event;
    return { title, roomState: isDeleted ? "none" : "open" };
  }
  return { member: event.user, role: event.type === "member_left" ? "none" : event.role };
}

/**
 * Applies a change, repeating it while concurrent changes win, and waits until it is in the room's history.
 *
 * @param attempt checks the change against the current state and applies it; `isApplied` is false if the state changed
 *   meanwhile, `receipt` is undefined if there is nothing to change
 * @returns the seq of the last entry; undefined if there was nothing to change, or history is late
 * @throws {Error} after ten lost attempts, and whatever `attempt` throws
 */
export async function applyChange(
  attempt: () => Promise<{ isApplied: boolean; receipt: string | undefined }>,
  { receipts, notices }: ChangeDependencies,
  onApplied: () => void = () => undefined,
): Promise<number | undefined> {
  for (let i = 0; i < ATTEMPTS_MAX; i += 1) {
    const { isApplied, receipt } = await attempt();
    if (receipt === undefined) return undefined;
    if (!isApplied) continue;
    const stored = receipts.wait(receipt);
    onApplied();
    notices.outboxFilled();
    return await stored;
  }
  throw new Error("others change this room all the time");
}
