/** Takes frames of one room that are stored: the first has the seq `first`, the others follow on it. */
export type DeliverFrames = (room: string, first: number, frames: readonly string[]) => void;

/**
 * Hands what is stored to whoever hears it on this instance. The writers here call it themselves, after their commit;
 * what other instances wrote comes by NATS. Who writes a room may change at any time, so the two ways may cross:
 * whoever takes frames goes by their seqs.
 */
export class LocalFeed {
  readonly #takers: DeliverFrames[] = [];
  readonly #onFault: (error: unknown, what: string) => void;

  constructor(onFault: (error: unknown, what: string) => void) {
    this.#onFault = onFault;
  }

  /** From now on `take` gets everything, after those that were added before it. */
  add(take: DeliverFrames): void {
    this.#takers.push(take);
  }

  /** Never throws: what is wrong with a listener must not stop the writer, which calls this. */
  deliver: DeliverFrames = (room, first, frames) => {
    for (const take of this.#takers) {
      try {
        take(room, first, frames);
      } catch (error) {
        this.#onFault(error, "live frames");
      }
    }
  };
}
