import type { Column } from "../checker.ts";
import type { Script } from "../schedule.ts";
import type { Patch } from "../source-tree.ts";

/** A deliberate fault in a copy of the sources, and the faults around it that bring it to light. */
export type Mutant = Readonly<{
  name: string;
  /** What it breaks, in one sentence. */
  breaks: string;
  patches: readonly Patch[];
  /** SQL that takes away what would hide it. */
  statements?: readonly string[];
  /** The faults that bring it to light. */
  script: Script;
  /** Columns of the verdict of which one must count something. */
  shows: readonly Column[];
}>;
