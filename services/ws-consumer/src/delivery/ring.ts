/**
 * The newest frames of one room, without a hole, so that most resumes need no database. Limits: frames and bytes
 * (counted as characters); the oldest go first.
 */
export class Ring {
  /** The seq of the newest frame; also when the ring is empty. */
  head: number;
  bytes = 0;
  readonly #framesMax: number;
  readonly #bytesMax: number;
  #frames: string[] = [];

  constructor(head: number, framesMax: number, bytesMax: number) {
    this.head = head;
    this.#framesMax = framesMax;
    this.#bytesMax = bytesMax;
  }

  /** Adds frames with the seqs `head + 1` onwards. */
  push(frames: readonly string[]): void {
    for (const frame of frames) {
      this.#frames.push(frame);
      this.bytes += frame.length;
    }
    this.head += frames.length;
    let dropped = 0;
    while (this.#frames.length - dropped > this.#framesMax || this.bytes > this.#bytesMax) {
      this.bytes -= (this.#frames[dropped] as string).length;
      dropped += 1;
    }
    if (dropped > 0) this.#frames = this.#frames.slice(dropped);
  }

  /** The frames after `seq` up to the head; undefined if some of them are gone. */
  after(seq: number): readonly string[] | undefined {
    const missing = this.head - seq;
    if (missing <= 0) return [];
    if (missing > this.#frames.length) return undefined;
    return this.#frames.slice(this.#frames.length - missing);
  }

  clear(): void {
    this.#frames = [];
    this.bytes = 0;
  }
}
