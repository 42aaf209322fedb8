import { nameOf } from "@parley/protocol/me";
import type { Feed, Listener } from "./feed.ts";
import type { Hub, ReadFrames } from "./hub.ts";

export const OUTCOMES = ["resumed", "live", "gap", "reset"] as const;

/** The answer to a subscription, sent before the first message. */
type Subscribed = Readonly<{
  room: string;
  head: number;
  outcome: (typeof OUTCOMES)[number];
  /** For a gap: the first and the last seq that are not replayed. */
  from?: number;
  to?: number;
}>;

export type CatchUpDependencies = Readonly<{
  hub: Hub;
  readFrames: ReadFrames;
  encode: (frames: readonly string[]) => Buffer;
  /** A listener that is behind by more messages gets a gap. */
  replayMax: number;
  /** Newest messages that are replayed after a gap. */
  pageSize: number;
}>;

/** Frames per statement of a replay. */
const REPLAY_PAGE = 100;

/** One listener in one room, until `end`. */
export class Subscription {
  readonly feed: Feed;
  readonly listener: Listener;
  #isActive = true;

  constructor(feed: Feed, listener: Listener) {
    this.feed = feed;
    this.listener = listener;
    feed.subscriptions += 1;
  }

  get isActive(): boolean {
    return this.#isActive && this.listener.isOpen;
  }

  end(hub: Hub): void {
    if (!this.#isActive) return;
    this.#isActive = false;
    hub.leave(this.feed, this.listener);
  }
}

/** Decides where a subscription starts: the answer, and the seq after which messages are replayed. */
export function startOf(
  feed: Feed,
  after: number | undefined,
  limits: Pick<CatchUpDependencies, "replayMax" | "pageSize">,
) {
  const { head } = feed;
  const room = nameOf(feed.room);
  if (after === undefined) return { answer: { room, head, outcome: "live" } as Subscribed, cursor: head };
  if (after <= head && head - after <= limits.replayMax)
    return { answer: { room, head, outcome: "resumed" } as Subscribed, cursor: after };
  const cursor = Math.max(0, head - limits.pageSize);
  // The client has seen entries that are not here: the database was restored from a backup.
  if (after > head) return { answer: { room, head, outcome: "reset" } as Subscribed, cursor };
  return { answer: { room, head, outcome: "gap", from: after + 1, to: cursor } as Subscribed, cursor };
}

/**
 * Replays the frames after `cursor`, then adds the listener to the live ones. Live frames are not buffered per listener
 * meanwhile: the replay continues until it reaches the feed's head, and the step from the ring to live happens in one
 * turn of the event loop, so that no frame can come between.
 *
 * @param onCaughtUp called with the seq from which the listener is live
 * @throws {Error} if frames cannot be read. The call can be repeated with `cursor` advanced by the frames written so far.
 */
export async function catchUp(
  subscription: Subscription,
  cursor: number,
  deps: CatchUpDependencies,
  onCaughtUp: (seq: number) => void,
): Promise<void> {
  const { feed, listener } = subscription;
  let seq = cursor;
  while (subscription.isActive) {
    const tail = feed.ring.after(seq);
    if (tail) {
      if (tail.length > 0) listener.write(deps.encode(tail));
      onCaughtUp(feed.head);
      feed.live.add(listener);
      return;
    }
    const frames = await deps.readFrames(feed.room, seq, Math.min(seq + REPLAY_PAGE, feed.head));
    if (!subscription.isActive) return;
    if (frames.length === 0)
      throw new Error(`room ${feed.room}: no message after ${seq}, though the head is ${feed.head}`);
    listener.write(deps.encode(frames));
    seq += frames.length;
    await listener.whenRead();
  }
}
