import { untilAskedToEnd } from "@parley/devstack/terminal";

/** Waits for `work`, but gives up on Ctrl-C or SIGTERM, so that the caller can stop what it started. */
export function untilInterrupted<T>(work: Promise<T>): Promise<T> {
  const interruption = untilAskedToEnd().then((signal): never => {
    throw new Error(`ended by ${signal}`);
  });
  return Promise.race([work, interruption]);
}
