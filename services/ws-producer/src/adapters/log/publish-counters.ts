/** What the lanes did since the process started, as plain numbers so that counting costs nothing. */
export type PublishCounters = {
  /** Entries that the log acknowledged. */
  published: number;
  /** Those of them that were duplicates. */
  duplicates: number;
  /** Acknowledged packs, and the entries in them. */
  packs: number;
  packed: number;
  /** Entries that were published again. */
  retries: number;
  /** Accepted entries that were rejected: log full, closing, abandoned by the client, or refused `REFUSALS_MAX` times. */
  refused: number;
};
