import { Refusal } from "@parley/protocol/codes";

/** Retry delay of refusals while the log is full, cannot be written or does not answer, ms. */
const FULL_RETRY_MS = 5_000;

/** Why an entry could not be appended. Nothing of it is known to be stored, unless it was published before. */
export const logFull = (reason: string) =>
  new Refusal("overloaded", `the log is full: ${reason}`, { retryAfterMs: FULL_RETRY_MS });
export const logSilent = () =>
  new Refusal("unavailable", "the log does not answer", { retryAfterMs: FULL_RETRY_MS });
export const logUnwritable = () =>
  new Refusal("unavailable", "the log cannot be written now", { retryAfterMs: FULL_RETRY_MS });
export const logRefuses = (reason: string) => new Refusal("unavailable", `the log refuses it: ${reason}`);
