import type { Core } from "./core.ts";
import { ParleyError, toError } from "./error.ts";
import type { OwnEvent, RoomEvent } from "./frames.ts";
import type { Reader } from "./subscription.ts";
import { ME } from "./subscriptions.ts";

/** Events that wait for a slow reader; what comes behind them is asked for again later. */
const BUFFER_MAX = 1_000;
/** Pause after a page that failed, ms. */
const RETRY_MS = 1_000;
/** Events in a page of a hole. */
const PAGE = 200;

/** What has arrived for a reader, and what it lacks. */
interface Inbox extends Reader {
  readonly events: RoomEvent[];
  failure: ParleyError | undefined;
  /** The last seq that the server does not replay. */
  holeTo: number;
  /** Something behind the events was left out: the room has to be asked for again. */
  isBehind: boolean;
  wake: () => void;
}

/** `isWhole`: what the server does not replay can be fetched. */
function createInbox(after: number | undefined, isWhole: boolean): Inbox {
  const inbox: Inbox = {
    cursor: after,
    events: [],
    failure: undefined,
    holeTo: 0,
    isBehind: false,
    wake: () => undefined,
    take(event) {
      if (inbox.events.length < BUFFER_MAX) inbox.events.push(event);
      else {
        inbox.isBehind = true;
        inbox.cursor = event.seq - 1;
      }
      inbox.wake();
    },
    gap(to) {
      inbox.holeTo = to;
      if (isWhole) inbox.wake();
      else inbox.reset();
    },
    reset: () => inbox.error(new ParleyError("reset")),
    caughtUp: () => inbox.wake(),
    error(error) {
      inbox.failure = error;
      inbox.wake();
    },
  };
  return inbox;
}

/**
 * Reads a room's events one after another, at the reader's pace. A hole that the server does not replay is fetched
 * page by page. Ends when the signal is aborted or the client closed.
 *
 * @throws {ParleyError} `reset` if the server has less than was read, or not all of the user's own events; why the room
 * cannot be read.
 */
export async function* readEvents<T extends RoomEvent | OwnEvent = RoomEvent>(
  core: Core,
  room: string,
  closed: AbortSignal,
  { after, signal }: { after?: number; signal?: AbortSignal } = {},
): AsyncGenerator<T, void, undefined> {
  const inbox = createInbox(after, room !== ME);
  const end = signal ? AbortSignal.any([signal, closed]) : closed;
  const notify = () => inbox.wake();
  const releases = [core.connect(), core.subscriptions.add(room, inbox)];
  end.addEventListener("abort", notify);
  try {
    while (!end.aborted) {
      const event = inbox.events.shift();
      if (event) yield event as T;
      else if (inbox.failure) throw inbox.failure;
      else await more(core, room, inbox, signal);
    }
  } finally {
    end.removeEventListener("abort", notify);
    for (const release of releases) release();
  }
}

/** Fetches a page of the hole, asks for the room again, or waits for what comes. */
async function more(core: Core, room: string, inbox: Inbox, signal: AbortSignal | undefined): Promise<void> {
  const { cursor, holeTo } = inbox;
  const woken = new Promise<void>((resolve) => {
    inbox.wake = resolve;
  });
  if (cursor !== undefined && cursor < holeTo) {
    try {
      const query = { after: cursor, limit: Math.min(PAGE, holeTo - cursor) };
      const path = `/rooms/${encodeURIComponent(room)}/events`;
      const { data } = await core.http<RoomEvent[]>("GET", path, { query, signal });
      inbox.events.push(...data);
      inbox.cursor = data.at(-1)?.seq ?? holeTo;
      inbox.isBehind = inbox.cursor >= holeTo;
    } catch (thrown) {
      const error = toError(thrown);
      if (!error.isRetryable && error.code !== "aborted") throw error;
      core.timers.after(error.retryAfterMs ?? RETRY_MS, inbox.wake);
      await woken;
    }
  } else if (inbox.isBehind) {
    inbox.isBehind = false;
    core.subscriptions.again(room);
  } else await woken;
}
