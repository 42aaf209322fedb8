import type { Pending } from "./pending-entries.ts";

/**
 * What goes to the log as one message: a single entry, or a pack of several. It stays together however often it is
 * published, under one id, by which the log recognises it.
 */
export class Parcel {
  readonly entries: readonly Pending[];
  /** Id of the pack; a single entry is published under its own key. */
  readonly packId: string;
  /** How often the log refused it. */
  refusals = 0;

  constructor(entries: readonly Pending[], packId: string) {
    this.entries = entries;
    this.packId = packId;
  }
}
