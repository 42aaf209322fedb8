import { expect, it } from "vitest";
import { createLimits, REGISTRATIONS_MAX } from "./limits.ts";

const elapsed = async (work: () => Promise<unknown>) => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

it("takes 60 registrations a minute from an address and says when to come again", async () => {
  const limits = createLimits();
  for (let i = 0; i < REGISTRATIONS_MAX; i++) await limits.countRegistration("10.0.0.1");
  const refusal = await limits.countRegistration("10.0.0.1").catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "rate_limited", status: 429 });
  expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(50_000);
  await limits.countRegistration("10.0.0.2");
});

it("slows an account after five failures from an address, and only there", async () => {
  const limits = createLimits();
  for (let i = 0; i < 6; i++) {
    await limits.awaitTurn("alice", "10.0.0.1");
    await limits.countFailure("alice", "10.0.0.1");
  }
  await limits.awaitTurn("alice", "10.0.0.1");
  expect(await elapsed(() => limits.awaitTurn("ALICE", "10.0.0.1"))).toBeGreaterThan(400);
  expect(await elapsed(() => limits.awaitTurn("alice", "10.0.0.2"))).toBeLessThan(100);
  expect(await elapsed(() => limits.awaitTurn("bob", "10.0.0.1"))).toBeLessThan(100);
});

it("forgets the failures after a good login", async () => {
  const limits = createLimits();
  for (let i = 0; i < 12; i++) await limits.countFailure("alice", "10.0.0.1");
  await limits.forgive("alice", "10.0.0.1");
  const turns = () => Promise.all([1, 2, 3].map(() => limits.awaitTurn("alice", "10.0.0.1")));
  expect(await elapsed(turns)).toBeLessThan(100);
});

it("spaces attempts that come at once, and tells those who would wait long to come again", async () => {
  const limits = createLimits();
  for (let i = 0; i < 9; i++) await limits.countFailure("alice", "10.0.0.1");
  const turns = [1, 2, 3, 4].map(() => limits.awaitTurn("alice", "10.0.0.1"));
  await turns[0];
  await expect(turns[3]).rejects.toMatchObject({ code: "rate_limited" });
  expect(await Promise.race([turns[1], Promise.resolve("waits")])).toBe("waits");
});
