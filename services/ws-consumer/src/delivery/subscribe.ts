import type { Feed, Listener } from "./feed.ts";
import type { Hub, ReadFrames } from "./hub.ts";

/** What a subscriber is told before the first message. */
export type Subscribed = Readonly<{
  room: string;
  head: number;
  outcome: "resumed" | "live" | "gap";
  /** A gap: the first and the last seq that are not replayed. */
  from?: number;
  to?: number;
}>;

export type SubscribeParts = Readonly<{
  hub: Hub;
  readFrames: ReadFrames;
  encode: (frames: readonly string[]) => Buffer;
  /** Behind by more than so many messages is a gap. */
  replayMax: number;
  /** Messages that are sent after a gap. */
  pageSize: number;
}>;

/** Messages that are read from the database at once. */
const REPLAY_PAGE = 100;

/** One listener's place in one room, until `end`. */
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

/** Where a subscriber starts: what it is told, and the seq after which it gets messages. */
export function placeOf(
  feed: Feed,
  after: number | undefined,
  parts: Pick<SubscribeParts, "replayMax" | "pageSize">,
) {
  const { room, head } = feed;
  if (after === undefined) return { told: { room, head, outcome: "live" } as Subscribed, cursor: head };
  if (head - after <= parts.replayMax) {
    return { told: { room, head, outcome: "resumed" } as Subscribed, cursor: Math.min(after, head) };
  }
  const cursor = head - parts.pageSize;
  return { told: { room, head, outcome: "gap", from: after + 1, to: cursor } as Subscribed, cursor };
}

/**
 * Replays what comes after `cursor` and then joins the live listeners. Live frames are not kept per listener
 * meanwhile: the replay goes on until it meets the feed's head, and the last step, from the ring to live, happens
 * in one turn of the event loop, so that nothing can come between. Resolves with the seq at which it joined.
 */
export async function catchUp(
  subscription: Subscription,
  cursor: number,
  parts: SubscribeParts,
  onCaughtUp: (seq: number) => void,
): Promise<void> {
  const { feed, listener } = subscription;
  let seq = cursor;
  while (subscription.isActive) {
    const tail = feed.ring.after(seq);
    if (tail) {
      if (tail.length > 0) listener.write(parts.encode(tail));
      onCaughtUp(feed.head);
      feed.live.add(listener);
      return;
    }
    const frames = await parts.readFrames(feed.room, seq, Math.min(seq + REPLAY_PAGE, feed.head));
    if (!subscription.isActive) return;
    if (frames.length === 0)
      throw new Error(`room ${feed.room}: no message after ${seq}, though the head is ${feed.head}`);
    listener.write(parts.encode(frames));
    seq += frames.length;
    await listener.whenRead();
  }
}
