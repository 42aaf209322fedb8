import type { Posted } from "./post-message.ts";

/** An entry whose receipt is awaited. `target` is the seq that a reaction is about; a message has none. */
export type AwaitedEntry = Posted["message"] & Readonly<{ duplicate: boolean; target?: number }>;
