import type { SessionChange, UserEvent } from "@parley/protocol/me";

export type SessionNote = Readonly<{ userId: string; session: string; change: SessionChange }>;

/** How long notes gather before they are stored together, and pause after a fault, ms. */
const GATHER_MS = 250;
const RETRY_MS = 2_000;
/** Notes per statement, and most that wait; further ones are dropped. */
const NOTES_MAX = 500;
const WAITING_MAX = 20_000;
/** Sessions that are remembered as noted; the oldest are forgotten, and noted again in vain. */
const NOTED_MAX = 50_000;

/**
 * Creates the use case that tells users of their sessions: when a socket opens with one for the first time, and when one
 * was revoked. It costs the handshake a look into memory; the statement follows later, once for many.
 *
 * @param store appends those that are not there yet, and returns them
 */
export function createNoteSessions(
  store: (notes: readonly SessionNote[]) => Promise<readonly UserEvent[]>,
  publish: (events: readonly UserEvent[]) => void,
  onFault: (error: unknown, what: string) => void,
): (userId: string, session: string, change: SessionChange) => void {
  const noted = new Set<string>();
  let waiting: SessionNote[] = [];
  let isFailing = false;
  const run = async () => {
    const some = waiting.slice(0, NOTES_MAX);
    try {
      publish(await store(some));
      waiting = waiting.slice(some.length);
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFault(error, "sessions could not be noted");
      isFailing = true;
    }
    if (waiting.length > 0) runLater();
  };
  const runLater = () => setTimeout(() => void run(), isFailing ? RETRY_MS : GATHER_MS).unref();
  return (userId, session, change) => {
    const key = `${session} ${change}`;
    if (noted.has(key) || waiting.length >= WAITING_MAX) return;
    noted.add(key);
    if (noted.size > NOTED_MAX) noted.delete(noted.values().next().value as string);
    if (waiting.push({ userId, session, change }) === 1) runLater();
  };
}
