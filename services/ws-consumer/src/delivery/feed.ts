import { frameTypeOf } from "@parley/protocol/events";

/** How a feed writes frames to its listeners, and where it counts them by type. */
export type FrameSink = Readonly<{
  encode: (frames: readonly string[]) => Buffer;
  sent: Record<string, number>;
}>;

/** Frames kept in memory per room, and characters of them; V8 keeps a character in one or two bytes. */
const RING_FRAMES_MAX = 256;
const RING_LENGTH_MAX = 256 * 1_024;

/** A connection that receives the frames of rooms. */
export interface Listener {
  readonly isOpen: boolean;
  readonly userId: string;
  /** Sends one or more encoded frames; never throws. */
  write(packet: Buffer): void;
  /** Sends frames that may be lost: drops them while the peer is behind. */
  writeEphemeral(packet: Buffer): void;
  /** Resolves when the peer has taken all unsent bytes, or is gone. */
  whenRead(): Promise<void>;
}

/** The newest frames of one room without a gap, so that most resumes need no database. The oldest are dropped first. */
class Ring {
  /** Seq of the newest frame, also when the ring is empty. */
  head: number;
  /** Characters of all frames. */
  length = 0;
  #frames: string[] = [];

  constructor(head: number) {
    this.head = head;
  }

  /** Adds frames with the seqs `head + 1`, `head + 2`, … */
  push(frames: readonly string[]): void {
    for (const frame of frames) {
      this.#frames.push(frame);
      this.length += frame.length;
    }
    this.head += frames.length;
    let dropped = 0;
    while (this.#frames.length - dropped > RING_FRAMES_MAX || this.length > RING_LENGTH_MAX) {
      this.length -= (this.#frames[dropped] as string).length;
      dropped += 1;
    }
    if (dropped > 0) this.#frames = this.#frames.slice(dropped);
  }

  /** Returns the frames after `seq`; undefined if some of them were dropped. */
  after(seq: number): readonly string[] | undefined {
    const missing = this.head - seq;
    if (missing <= 0) return [];
    if (missing > this.#frames.length) return undefined;
    return this.#frames.slice(this.#frames.length - missing);
  }

  clear(): void {
    this.#frames = [];
    this.length = 0;
  }
}

/** One room on this instance: how far it was delivered, its newest frames, and its live listeners. */
export class Feed {
  readonly room: string;
  readonly live = new Set<Listener>();
  readonly ring: Ring;
  /** Highest seq that is known to be stored. */
  known: number;
  /** Resolves when missing frames have been read; undefined if none are being read. */
  repair: Promise<void> | undefined;
  /** Subscriptions that are live or catching up: the hub keeps a feed that has any. */
  subscriptions = 0;
  /** When frames were last delivered, or the last subscription ended; monotonic, ms. */
  touchedAt = 0;

  constructor(room: string, head: number) {
    this.room = room;
    this.ring = new Ring(head);
    this.known = head;
  }

  /** Seq of the newest delivered frame. */
  get head(): number {
    return this.ring.head;
  }

  /**
   * Delivers the frames with the seqs `first`, `first + 1`, … in seq order: it skips those that were delivered before,
   * and delivers nothing past a gap, but notes that there is more to read. Returns how many it delivered.
   */
  advance(first: number, frames: readonly string[], { encode, sent }: FrameSink, now: number): number {
    this.known = Math.max(this.known, first + frames.length - 1);
    const skip = this.head + 1 - first;
    if (skip < 0 || skip >= frames.length) return 0;
    const fresh = skip === 0 ? frames : frames.slice(skip);
    this.ring.push(fresh);
    for (const frame of fresh) {
      const type = frameTypeOf(frame);
      sent[type] = (sent[type] ?? 0) + this.live.size;
      // A deleted message must not be replayed from the ring; Postgres has it without its text.
      if (type === "message_deleted") this.ring.clear();
    }
    this.touchedAt = now;
    if (this.live.size > 0) {
      const packet = encode(fresh);
      for (const listener of this.live) listener.write(packet);
    }
    return fresh.length;
  }
}
