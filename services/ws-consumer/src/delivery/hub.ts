import { Feed, type FrameSink, type Listener } from "./feed.ts";
import type { DeliverFrames } from "./local-delivery.ts";

/** Reads the newest seq of each room; a room without entries is left out. */
type ReadHeads = (rooms: readonly string[]) => Promise<ReadonlyMap<string, number>>;
/** Reads frames as JSON texts, with the seqs `after + 1` to at most `upTo`, in order and without a gap. */
export type ReadFrames = (room: string, after: number, upTo: number) => Promise<readonly string[]>;

/** `encode` is called once per delivery, for all listeners. */
type HubDependencies = FrameSink &
  Readonly<{
    readHeads: ReadHeads;
    readFrames: ReadFrames;
    onFault: (error: unknown, what: string) => void;
    now: () => number;
  }>;

/** Rooms per statement when heads are read. */
const HEADS_BATCH_MAX = 1_000;
/** Frames per statement of a repair. */
const REPAIR_PAGE = 500;
/** A room that is behind Postgres for this long has lost a live frame, ms. */
const LIVE_LATE_MS = 250;
/** Pause before a failed repair is repeated, ms. */
const REPAIR_RETRY_MS = 500;
/** How long a room without subscriptions keeps its newest frames, ms. */
const LINGER_MS = 60_000;
/** Limit of the newest frames of all rooms together, characters. */
const RINGS_LENGTH_MAX = 64 * 1_024 * 1_024;

/**
 * The rooms that have listeners on this instance. Live frames come from the writers here, and from other instances
 * through NATS, which may lose them. Postgres is the source of truth: a gap in a room's seqs is read from there, and
 * heads of quiet rooms are compared with it.
 */
export class Hub {
  readonly #deps: HubDependencies;
  readonly #feeds = new Map<string, Feed>();
  /** Rooms whose head is being read, with the highest seq delivered meanwhile. */
  readonly #opening = new Map<string, { opened: Promise<Feed>; known: number }>();
  #heads: { rooms: string[]; read: Promise<ReadonlyMap<string, number>> } | undefined;
  /** Frames times listeners: after their commit, read again because they were lost, asked for, and those that may be lost. */
  readonly counters = { live: 0, repaired: 0, replayed: 0, ephemeral: 0 };

  constructor(deps: HubDependencies) {
    this.#deps = deps;
  }

  get rooms(): number {
    return this.#feeds.size;
  }

  /**
   * Returns the feed of a room. Heads of new rooms that are requested in one turn of the event loop share a statement.
   */
  async feed(room: string): Promise<Feed> {
    const feed = this.#feeds.get(room);
    if (feed) {
      feed.touchedAt = Math.max(feed.touchedAt, this.#deps.now() - LINGER_MS / 2);
      return feed;
    }
    const underway = this.#opening.get(room);
    if (underway) return underway.opened;
    const opening = { opened: this.#open(room), known: 0 };
    this.#opening.set(room, opening);
    return opening.opened;
  }

  async #open(room: string): Promise<Feed> {
    try {
      const heads = await this.#readHead(room);
      const feed = new Feed(room, heads.get(room) ?? 0);
      feed.known = Math.max(feed.head, this.#opening.get(room)?.known ?? 0);
      feed.touchedAt = this.#deps.now();
      this.#feeds.set(room, feed);
      if (feed.known > feed.head) void this.#repair(feed);
      return feed;
    } finally {
      this.#opening.delete(room);
    }
  }

  #readHead(room: string): Promise<ReadonlyMap<string, number>> {
    if (!this.#heads || this.#heads.rooms.length >= HEADS_BATCH_MAX) {
      const rooms: string[] = [];
      const batch = { rooms, read: Promise.resolve().then(() => this.#sealHeads(rooms)) };
      this.#heads = batch;
    }
    this.#heads.rooms.push(room);
    return this.#heads.read;
  }

  #sealHeads(rooms: string[]): Promise<ReadonlyMap<string, number>> {
    if (this.#heads?.rooms === rooms) this.#heads = undefined;
    return this.#deps.readHeads(rooms);
  }

  /** Delivers stored frames of one room, with the seqs `first`, `first + 1`, …, to its listeners. */
  readonly deliver: DeliverFrames = (room, first, frames) => {
    const feed = this.#feeds.get(room);
    if (!feed) {
      const opening = this.#opening.get(room);
      if (opening) opening.known = Math.max(opening.known, first + frames.length - 1);
      return;
    }
    this.counters.live += feed.advance(first, frames, this.#deps, this.#deps.now()) * feed.live.size;
    if (feed.known > feed.head) void this.#repair(feed);
  };

  /** Sends an ephemeral frame once to each listener of these rooms, except those of one user. */
  broadcast<Frame extends { readonly type: string }>(
    rooms: Iterable<string>,
    frame: Frame,
    exceptUserId: string,
  ): void {
    const listeners = new Set<Listener>();
    for (const room of rooms) for (const one of this.#feeds.get(room)?.live ?? []) listeners.add(one);
    if (listeners.size === 0) return;
    const packet = this.#deps.encode([JSON.stringify(frame)]);
    const { sent } = this.#deps;
    for (const one of listeners) {
      if (one.userId === exceptUserId) continue;
      one.writeEphemeral(packet);
      sent[frame.type] = (sent[frame.type] ?? 0) + 1;
      this.counters.ephemeral += 1;
    }
  }

  /** Reads missing frames until the feed is complete; repeats it after a fault. */
  #repair(feed: Feed): Promise<void> {
    if (feed.known <= feed.head) return Promise.resolve();
    feed.repair ??= this.#readMissing(feed);
    return feed.repair;
  }

  async #readMissing(feed: Feed): Promise<void> {
    try {
      while (feed.known > feed.head && this.#feeds.get(feed.room) === feed) {
        const after = feed.head;
        const frames = await this.#deps.readFrames(feed.room, after, after + REPAIR_PAGE);
        if (frames.length === 0) {
          feed.known = feed.head;
          return;
        }
        this.counters.repaired +=
          feed.advance(after + 1, frames, this.#deps, this.#deps.now()) * feed.live.size;
      }
    } catch (error) {
      this.#deps.onFault(error, "repair of a room");
      setTimeout(() => void this.#repair(feed), REPAIR_RETRY_MS).unref();
    } finally {
      feed.repair = undefined;
    }
  }

  /**
   * Compares the heads of rooms that have listeners with Postgres, and repairs rooms that stay behind: they have lost a
   * live frame. Rooms with a delivery in the last `quietMs` are left out: their next frame would show the gap.
   */
  async compareHeads(quietMs: number): Promise<void> {
    const now = this.#deps.now();
    const quiet = [...this.#feeds.values()].filter(
      (feed) => feed.live.size > 0 && now - feed.touchedAt >= quietMs,
    );
    for (let i = 0; i < quiet.length; i += HEADS_BATCH_MAX) {
      const rooms = quiet.slice(i, i + HEADS_BATCH_MAX).map((feed) => feed.room);
      const heads = await this.#deps.readHeads(rooms);
      for (const [room, head] of heads) this.#expect(room, head);
    }
  }

  /** Repairs a room that has not been delivered up to `head` after `LIVE_LATE_MS`. */
  #expect(room: string, head: number): void {
    const feed = this.#feeds.get(room);
    if (!feed || head <= feed.head) return;
    setTimeout(() => {
      if (feed.head >= head) return;
      feed.known = Math.max(feed.known, head);
      void this.#repair(feed);
    }, LIVE_LATE_MS).unref();
  }

  /** Delivers everything that Postgres has of a room now. */
  async refresh(feed: Feed): Promise<void> {
    const heads = await this.#deps.readHeads([feed.room]);
    feed.known = Math.max(feed.known, heads.get(feed.room) ?? 0);
    await this.#repair(feed);
  }

  /** Ends one subscription of a listener. */
  leave(feed: Feed, listener: Listener): void {
    feed.live.delete(listener);
    feed.subscriptions -= 1;
    if (feed.subscriptions === 0) feed.touchedAt = this.#deps.now();
  }

  /** Removes rooms without subscriptions after `LINGER_MS`, and the frames of rooms when all are over the limit. */
  tidy(): void {
    const now = this.#deps.now();
    let length = 0;
    for (const feed of this.#feeds.values()) {
      if (feed.subscriptions === 0 && now - feed.touchedAt > LINGER_MS) this.#feeds.delete(feed.room);
      else length += feed.ring.length;
    }
    for (const feed of this.#feeds.values()) {
      if (length <= RINGS_LENGTH_MAX) return;
      length -= feed.ring.length;
      feed.ring.clear();
    }
  }
}
