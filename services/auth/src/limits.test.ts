import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLimits, REGISTRATIONS_MAX } from "./limits.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How long work takes on the fake clock, ms. */
const elapsed = async (work: () => Promise<unknown>) => {
  const from = performance.now();
  let isDone = false;
  const done = work().finally(() => {
    isDone = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  while (!isDone) await vi.advanceTimersByTimeAsync(1);
  await done;
  return performance.now() - from;
};

it("allows 60 registrations a minute from an address, then refuses with a delay", async () => {
  const limits = createLimits();
  for (let i = 0; i < REGISTRATIONS_MAX; i++) await limits.countRegistration("10.0.0.1");
  const refusal = await limits.countRegistration("10.0.0.1").catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "rate_limited", status: 429 });
  expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(50_000);
  await limits.countRegistration("10.0.0.2");
});

it("spaces logins of an account after five failures, for that address only", async () => {
  const limits = createLimits();
  for (let i = 0; i < 6; i++) {
    await limits.awaitTurn("alice", "10.0.0.1");
    await limits.countFailure("alice", "10.0.0.1");
  }
  expect(await elapsed(() => limits.awaitTurn("ALICE", "10.0.0.1"))).toBe(500);
  expect(await elapsed(() => limits.awaitTurn("alice", "10.0.0.2"))).toBe(0);
  expect(await elapsed(() => limits.awaitTurn("bob", "10.0.0.1"))).toBe(0);
});

it("forgets failures after a successful login", async () => {
  const limits = createLimits();
  for (let i = 0; i < 12; i++) await limits.countFailure("alice", "10.0.0.1");
  await limits.forgive("alice", "10.0.0.1");
  const turns = () => Promise.all([1, 2, 3].map(() => limits.awaitTurn("alice", "10.0.0.1")));
  expect(await elapsed(turns)).toBe(0);
});

it("spaces concurrent attempts, and refuses those that would wait too long", async () => {
  const limits = createLimits();
  for (let i = 0; i < 9; i++) await limits.countFailure("alice", "10.0.0.1");
  const turns = [1, 2, 3, 4].map(() => limits.awaitTurn("alice", "10.0.0.1"));
  await turns[0];
  await expect(turns[3]).rejects.toMatchObject({ code: "rate_limited" });
  expect(await Promise.race([turns[1], Promise.resolve("waits")])).toBe("waits");
});
