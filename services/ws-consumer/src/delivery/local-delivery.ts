/** Receives stored frames of one room, with the seqs `first`, `first + 1`, … */
export type DeliverFrames = (room: string, first: number, frames: readonly string[]) => void;

/**
 * Passes stored frames on to the receivers of this instance: those of its own writers after their commit, those of other
 * instances from NATS. The two may overlap or arrive out of order when a shard changes its writer, so receivers must
 * order frames by seq.
 */
export class LocalDelivery {
  readonly #receivers: DeliverFrames[] = [];
  readonly #onFault: (error: unknown, what: string) => void;

  /** Never throws: the writer calls it, and must not stop because of a fault in a receiver. */
  readonly deliver: DeliverFrames;

  /** @param trace makes of `deliver` one that is traced as well */
  constructor(
    onFault: (error: unknown, what: string) => void,
    trace: (deliver: DeliverFrames) => DeliverFrames = (deliver) => deliver,
  ) {
    this.#onFault = onFault;
    this.deliver = trace((room, first, frames) => this.#deliver(room, first, frames));
  }

  /** Adds a receiver, which is called after those added before it. */
  add(receive: DeliverFrames): void {
    this.#receivers.push(receive);
  }

  #deliver(room: string, first: number, frames: readonly string[]): void {
    for (const receive of this.#receivers) {
      try {
        receive(room, first, frames);
      } catch (error) {
        this.#onFault(error, "live frames");
      }
    }
  }
}
