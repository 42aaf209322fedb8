import { eventTypeOf } from "@parley/protocol/events";
import { Ring } from "./ring.ts";

/** Frames and characters that are kept of one room. */
const RING_FRAMES_MAX = 256;
const RING_BYTES_MAX = 256 * 1_024;

/** Someone who listens. */
export interface Listener {
  readonly isOpen: boolean;
  readonly userId: string;
  /** Sends one or more encoded frames; never throws. */
  write(packet: Buffer): void;
  /** The same for what may be lost; it is left out while the listener is behind. */
  writeEphemeral(packet: Buffer): void;
  /** Resolves when what was sent has been read, or the listener is gone. */
  whenRead(): Promise<void>;
}

/**
 * What this instance knows of one room: how far it has delivered, the newest frames, and who hears them live.
 * Frames pass in seq order without a hole; what comes early only says that there is more to read.
 */
export class Feed {
  readonly room: string;
  readonly live = new Set<Listener>();
  readonly ring: Ring;
  /** The highest seq that is known to exist. */
  known: number;
  /** What is missing is being read. Whoever needs it waits for that. */
  repair: Promise<void> | undefined;
  /** Subscriptions that are live here or on their way to it: a feed with any is kept. */
  subscriptions = 0;
  /** When something was delivered last, or somebody left; monotonic, ms. */
  touchedAt = 0;

  constructor(room: string, head: number) {
    this.room = room;
    this.ring = new Ring(head, RING_FRAMES_MAX, RING_BYTES_MAX);
    this.known = head;
  }

  /** The last seq that was delivered here. */
  get head(): number {
    return this.ring.head;
  }

  /**
   * Delivers frames that start at `first` as far as they continue the order: those that were delivered before are
   * left out, and nothing is delivered past a hole. Returns how many were delivered.
   */
  advance(
    first: number,
    frames: readonly string[],
    encode: (frames: readonly string[]) => Buffer,
    now: number,
  ): number {
    this.known = Math.max(this.known, first + frames.length - 1);
    const skip = this.head + 1 - first;
    if (skip < 0 || skip >= frames.length) return 0;
    const fresh = skip === 0 ? frames : frames.slice(skip);
    this.ring.push(fresh);
    // What was deleted must not be replayed from here: Postgres has it without its text.
    if (fresh.some((frame) => eventTypeOf(frame) === "message_deleted")) this.ring.clear();
    this.touchedAt = now;
    if (this.live.size > 0) {
      const packet = encode(fresh);
      for (const listener of this.live) listener.write(packet);
    }
    return fresh.length;
  }
}
