import type { LogEvent } from "@parley/protocol/events";
import type { OutboxRow } from "./room-store.ts";
import type { Person, RoomChange, RoomEvent } from "./rules/room-change.ts";

/** Waits for the seqs of entries on their way through outbox, log and writer. */
export interface Receipts {
  /** A subject for one entry's receipt. */
  open(): string;
  /** Resolves with the seq once Postgres has the entry, or with undefined if that takes too long. */
  wait(subject: string): Promise<number | undefined>;
}

/** What must be known where a change is made; no call throws or waits. */
export interface ChangeNotices {
  /** There is something in the outbox. */
  outboxFilled(): void;
  /** Somebody's right to a room has changed, or everybody's. A hint: sockets are checked against Postgres. */
  accessChanged(room: string, userId?: string): void;
}

export type SettleParts = Readonly<{
  receipts: Receipts;
  notices: ChangeNotices;
  now: () => Date;
  freshId: () => string;
}>;

/** How often a change is judged again that others came before. */
const ATTEMPTS_MAX = 10;

type Rows = Readonly<{ rows: OutboxRow[]; receipt: string | undefined }>;

/** The rows of a change; the last one's receipt tells when all of it is in history. */
export function rowsOf(
  room: string,
  actor: Person,
  { events }: RoomChange,
  { receipts, now, freshId }: SettleParts,
): Rows {
  const receipt = events.length > 0 ? receipts.open() : undefined;
  const at = now().toISOString();
  const rows = events.map((event, i) => {
    const { type, ...rest } = event;
    const entry = { type, room, id: freshId(), author: actor, at, ...rest } as LogEvent;
    const row = { entry: JSON.stringify(entry), ...effectOf(event) };
    return i === events.length - 1 && receipt !== undefined ? { ...row, receipt } : row;
  });
  return { rows, receipt };
}

function effectOf(event: RoomEvent): Omit<OutboxRow, "entry"> {
  if (event.type === "room_updated") {
    const { title, isDeleted } = event;
    return { title, roomState: isDeleted ? "none" : "open" };
  }
  return { member: event.user, role: event.type === "member_left" ? "none" : event.role };
}

/**
 * Judges and makes a change until nobody has come before it, and waits until it is in history. `attempt` judges what
 * is there now; it says that it was not made if that has changed meanwhile, and gives no receipt if there is nothing
 * to be made.
 */
export async function settle(
  attempt: () => Promise<{ made: boolean; receipt: string | undefined }>,
  { receipts, notices }: SettleParts,
  onMade: () => void = () => undefined,
): Promise<number | undefined> {
  for (let i = 0; i < ATTEMPTS_MAX; i += 1) {
    const { made, receipt } = await attempt();
    if (receipt === undefined) return undefined;
    if (!made) continue;
    const settled = receipts.wait(receipt);
    onMade();
    notices.outboxFilled();
    return await settled;
  }
  throw new Error("others change this room all the time");
}
