/** What the publisher did since the process started; plain numbers, so that counting costs nothing. */
export type PublishCounters = {
  /** Entries that the log acknowledged. */
  published: number;
  /** Those of them that the log had before. */
  duplicates: number;
  /** Messages of the log that held several entries, and the entries in them. */
  packs: number;
  packed: number;
  /** Publishes that were made again. */
  retries: number;
  /** Entries that were refused once they had been accepted: full log, closing, nobody waits, refused again and again. */
  refused: number;
};

export function createCounters(): PublishCounters {
  return { published: 0, duplicates: 0, packs: 0, packed: 0, retries: 0, refused: 0 };
}
