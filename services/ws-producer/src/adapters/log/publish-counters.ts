import type { Histogram } from "@parley/runtime/histogram";

/** What the lanes did since the process started, as plain numbers so that counting costs nothing. */
export type PublishCounters = {
  /** Entries that the log acknowledged. */
  published: number;
  /** Those of them that were duplicates. */
  duplicates: number;
  /** Entries that were published again. */
  retries: number;
  /** Accepted entries that were rejected: log full, closing, abandoned by the client, or refused `REFUSALS_MAX` times. */
  refused: number;
  /** Time from when a message came until the log had it on disk, s. */
  ackSeconds: Histogram;
  /** Time from a publication until the log answers, s; also when it refuses, and at a deadline. */
  publishSeconds: Histogram;
  /** Entries of each acknowledged message of the log. */
  packEntries: Histogram;
};
