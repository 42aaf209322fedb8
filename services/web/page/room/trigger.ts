/** What is being written and can be completed: somebody's name after `@`, an emoji's after `:`. */
export type Trigger = Readonly<{
  sign: "@" | ":";
  /** What is written after the sign. */
  query: string;
  /** Where the sign is in the text. */
  start: number;
}>;

/** A name begins after a space or a bracket; an emoji's has two characters, so that `:)` and `:D` are left alone. */
const TRIGGER = /(?<![^\s([{"'])(?:@[\p{L}\p{N}._-]{0,32}|:[a-z0-9+-][a-z0-9_+-]{1,31})$/iu;

/** What can be completed before the caret; undefined if nothing can. */
export function triggerAt(text: string, caret: number): Trigger | undefined {
  const [written] = TRIGGER.exec(text.slice(0, caret)) ?? [];
  if (written === undefined) return undefined;
  return { sign: written[0] as Trigger["sign"], query: written.slice(1), start: caret - written.length };
}
