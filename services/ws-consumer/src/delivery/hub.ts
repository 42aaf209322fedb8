import { Feed, type Listener } from "./feed.ts";

/** How far each room is in the database; a room without messages is left out. */
export type ReadHeads = (rooms: readonly string[]) => Promise<ReadonlyMap<string, number>>;
/** Encoded-as-JSON frames with the seqs `after + 1` … at most `upTo`, in order and without a hole. */
export type ReadFrames = (room: string, after: number, upTo: number) => Promise<readonly string[]>;

export type HubParts = Readonly<{
  readHeads: ReadHeads;
  readFrames: ReadFrames;
  /** Frames for the wire; made once per message, however many listen. */
  encode: (frames: readonly string[]) => Buffer;
  onFault: (error: unknown, what: string) => void;
  now: () => number;
}>;

/** Rooms whose heads are read in one statement. */
const HEADS_BATCH_MAX = 1_000;
/** Frames that a repair reads at once. */
const REPAIR_PAGE = 500;
/** A room that is behind the database for so long has lost a live message, ms. */
const LIVE_LATE_MS = 250;
/** How long a failed repair waits before it tries again, ms. */
const REPAIR_RETRY_MS = 500;
/** How long a room that nobody listens to keeps its newest frames, ms. */
const LINGER_MS = 60_000;
/** Characters that all rings together may hold. */
const RINGS_BYTES_MAX = 64 * 1_024 * 1_024;

/**
 * Which rooms are heard on this instance, and how far each is. Live frames come from the writers here, and from others
 * through NATS, where one may get lost; Postgres is the truth, so a hole is read from there, and quiet rooms are
 * compared with it.
 */
export class Hub {
  readonly #parts: HubParts;
  readonly #feeds = new Map<string, Feed>();
  /** Rooms whose head is being read, with what has been heard of them meanwhile. */
  readonly #opening = new Map<string, { opened: Promise<Feed>; known: number }>();
  #heads: { rooms: string[]; read: Promise<ReadonlyMap<string, number>> } | undefined;
  counters = { delivered: 0, repaired: 0 };

  constructor(parts: HubParts) {
    this.#parts = parts;
  }

  get rooms(): number {
    return this.#feeds.size;
  }

  /** The feed of a room; its head is read once, together with those of others that are asked for now. */
  async feed(room: string): Promise<Feed> {
    const feed = this.#feeds.get(room);
    if (feed) {
      feed.touchedAt = Math.max(feed.touchedAt, this.#parts.now() - LINGER_MS / 2);
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
      feed.touchedAt = this.#parts.now();
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
    return this.#parts.readHeads(rooms);
  }

  /** Takes what a writer says is stored: the frames of one room from `first` onwards. */
  deliver(room: string, first: number, frames: readonly string[]): void {
    const feed = this.#feeds.get(room);
    if (!feed) {
      const opening = this.#opening.get(room);
      if (opening) opening.known = Math.max(opening.known, first + frames.length - 1);
      return;
    }
    this.counters.delivered +=
      feed.advance(first, frames, this.#parts.encode, this.#parts.now()) * feed.live.size;
    if (feed.known > feed.head) void this.#repair(feed);
  }

  /** Sends what may be lost, once, to everybody who has one of these rooms open here, except one user. */
  whisper(rooms: Iterable<string>, frame: object, exceptUserId: string): void {
    const listeners = new Set<Listener>();
    for (const room of rooms) for (const one of this.#feeds.get(room)?.live ?? []) listeners.add(one);
    if (listeners.size === 0) return;
    const packet = this.#parts.encode([JSON.stringify(frame)]);
    for (const one of listeners) if (one.userId !== exceptUserId) one.writeEphemeral(packet);
  }

  /** Reads what is missing until nothing is known to be; tries again when the database is away. */
  #repair(feed: Feed): Promise<void> {
    if (feed.known <= feed.head) return Promise.resolve();
    feed.repair ??= this.#readMissing(feed);
    return feed.repair;
  }

  async #readMissing(feed: Feed): Promise<void> {
    try {
      while (feed.known > feed.head && this.#feeds.get(feed.room) === feed) {
        const after = feed.head;
        const frames = await this.#parts.readFrames(feed.room, after, after + REPAIR_PAGE);
        if (frames.length === 0) {
          feed.known = feed.head;
          return;
        }
        this.counters.repaired += feed.advance(after + 1, frames, this.#parts.encode, this.#parts.now());
      }
    } catch (error) {
      this.#parts.onFault(error, "repair of a room");
      setTimeout(() => void this.#repair(feed), REPAIR_RETRY_MS).unref();
    } finally {
      feed.repair = undefined;
    }
  }

  /**
   * Compares rooms that somebody hears with the database; a room that stays behind has lost a live message and is
   * repaired. Rooms in which something was just delivered are left out: the next message would show the hole.
   */
  async compareHeads(quietMs: number): Promise<void> {
    const now = this.#parts.now();
    const quiet = [...this.#feeds.values()].filter(
      (feed) => feed.live.size > 0 && now - feed.touchedAt >= quietMs,
    );
    for (let i = 0; i < quiet.length; i += HEADS_BATCH_MAX) {
      const rooms = quiet.slice(i, i + HEADS_BATCH_MAX).map((feed) => feed.room);
      const heads = await this.#parts.readHeads(rooms);
      for (const [room, head] of heads) this.#expect(room, head);
    }
  }

  /** The database has a room up to `head`: if that has not come live in a moment, it is read. */
  #expect(room: string, head: number): void {
    const feed = this.#feeds.get(room);
    if (!feed || head <= feed.head) return;
    setTimeout(() => {
      if (feed.head >= head) return;
      feed.known = Math.max(feed.known, head);
      void this.#repair(feed);
    }, LIVE_LATE_MS).unref();
  }

  /** Brings a room up to what the database has now. */
  async refresh(feed: Feed): Promise<void> {
    const heads = await this.#parts.readHeads([feed.room]);
    feed.known = Math.max(feed.known, heads.get(feed.room) ?? 0);
    await this.#repair(feed);
  }

  /** Everything may have been missed: the connection to NATS was gone. */
  missedLive(): void {
    for (const feed of this.#feeds.values()) feed.touchedAt = 0;
  }

  leave(feed: Feed, listener: Listener): void {
    feed.live.delete(listener);
    feed.subscriptions -= 1;
    if (feed.subscriptions === 0) feed.touchedAt = this.#parts.now();
  }

  /** Forgets rooms that nobody has listened to for a while, and frames when there are too many. */
  tidy(): void {
    const now = this.#parts.now();
    let bytes = 0;
    for (const feed of this.#feeds.values()) {
      if (feed.subscriptions === 0 && now - feed.touchedAt > LINGER_MS) this.#feeds.delete(feed.room);
      else bytes += feed.ring.bytes;
    }
    for (const feed of this.#feeds.values()) {
      if (bytes <= RINGS_BYTES_MAX) return;
      bytes -= feed.ring.bytes;
      feed.ring.clear();
    }
  }
}
