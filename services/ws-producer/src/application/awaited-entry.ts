import type { Appended, Posted } from "./post-message.ts";

/** An entry whose receipt is awaited. `target` is the seq that a reaction is about; a message has none. */
export type AwaitedEntry = Omit<Posted["message"], "at"> &
  Pick<Appended, "duplicate" | "shard" | "logSeq"> &
  Readonly<{ target?: number }>;
