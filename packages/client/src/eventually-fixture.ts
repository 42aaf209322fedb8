import { vi } from "vitest";

/** Waits until a look does not throw, for as long as a slow machine may need; resolves with what it returned. */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: 10_000, interval: 20 });
