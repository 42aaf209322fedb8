import { entryCommand, packCommand } from "./log-wire.ts";
import type { Pending } from "./pending-entries.ts";

/**
 * What goes to the log as one message: an entry by itself, or a pack of several. It stays together however often it is
 * published, under one id, by which the log knows it again.
 */
export class Parcel {
  readonly entries: readonly Pending[];
  readonly #packId: string;
  /** An attempt had no answer, so the log may have it. */
  unsure = false;
  /** How often the log refused it. */
  refusals = 0;

  /** @param packId its id if there are several; an entry by itself goes under its own key */
  constructor(entries: readonly Pending[], packId: string) {
    this.entries = entries;
    this.#packId = packId;
  }

  /** The command that publishes it. */
  command(shard: number, reply: string): Buffer {
    const [first, second] = this.entries;
    if (first !== undefined && second === undefined) return entryCommand(shard, first.entry, reply);
    const entries = this.entries.map(({ entry, bytes }) => ({
      payload: entry.payload,
      bytes,
      receiptTo: entry.receiptTo,
    }));
    return packCommand(shard, this.#packId, entries, reply);
  }
}
