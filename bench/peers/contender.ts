import type { Target } from "@parley/bench/targets/target";

/** What is measured side by side. */
export type Contender = Readonly<{
  name: string;
  /** As people know it. */
  title: string;
  start: () => Promise<Target>;
  /** Name of the process that holds the sockets of listeners. */
  holder: string;
  /** Undefined if it can be started here, else what to install. */
  missing: () => string | undefined;
}>;
