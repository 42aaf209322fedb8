import { expect, it } from "vitest";
import { charge, createBucket, TokenBuckets, waitFor } from "./token-bucket.ts";

it("refills up to its burst, and says how long to wait", () => {
  const bucket = createBucket(10, 20, 0);
  charge(bucket, 20);
  expect(waitFor(bucket, 1, 0)).toBe(100);
  expect(waitFor(bucket, 1, 100)).toBe(0);
  expect(waitFor(bucket, 20, 60_000)).toBe(0);
  expect(bucket.units).toBe(20);
});

it("lets more than a burst through once it is full, and owes at most one burst", () => {
  const bucket = createBucket(10, 20, 0);
  expect(waitFor(bucket, 1_000, 0)).toBe(0);
  charge(bucket, 1_000);
  expect(bucket.units).toBe(-20);
  expect(waitFor(bucket, 1_000, 0)).toBe(4_000);
});

it("keeps at most keysMax buckets: full ones go first, and never one that a socket refers to", () => {
  const buckets = new TokenBuckets(1, 2, 100);
  const held = buckets.of("held", 0);
  held.sockets = 1;
  charge(held, 2);
  for (let i = 0; i < 10_000; i += 1) buckets.take(`k${i}`, 0, 2);
  expect(buckets.size).toBe(100);
  expect(buckets.of("held", 0)).toBe(held);
  expect(buckets.take("k9999", 0)).toBe(1_000);
  expect(buckets.take("k1", 0)).toBe(0);
});
