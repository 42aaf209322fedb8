import { expect, it } from "vitest";
import { FairQueue, type Turn, WAITING_MAX, WAITING_OF_PAIR_MAX } from "./fair-queue.ts";

type Options = Readonly<{ address?: string; isKnown?: boolean; spacings?: Turn["spacings"] }>;

/** Adds a job that is named as its account. */
const add = (
  queue: FairQueue<string>,
  job: string,
  { address = job, isKnown = false, spacings = [] }: Options = {},
) => queue.add(job, { account: job.replace(/-.*/, ""), address, isKnown, spacings }, 0);
const takeAll = (queue: FairQueue<string>, now = 0) => {
  const taken: string[] = [];
  for (let job = queue.take(now); job !== undefined; job = queue.take(now)) taken.push(job);
  return taken;
};

it("A: serves whoever has used least: one account waits for itself, not others for it", () => {
  const queue = new FairQueue<string>();
  for (const job of ["flood-1", "flood-2", "flood-3"]) add(queue, job, { address: "one", isKnown: true });
  for (const job of ["bob", "carol"]) add(queue, job, { address: "one", isKnown: true });
  expect(takeAll(queue)).toEqual(["flood-1", "bob", "carol", "flood-2", "flood-3"]);
});

it("A: an address that tries many accounts waits for itself", () => {
  const queue = new FairQueue<string>();
  for (const job of ["a", "b", "c", "d"]) add(queue, job, { address: "sprayer" });
  expect(queue.take(0)).toBe("a");
  add(queue, "bob", { address: "home" });
  expect(takeAll(queue)).toEqual(["bob", "b", "c", "d"]);
});

it("A: an address that the account used before has two turns of three, however many strangers there are", () => {
  const queue = new FairQueue<string>();
  for (let i = 0; i < 60; i += 1) add(queue, `owner-${i}`, { address: `10.0.0.${i}` });
  for (const job of ["owner", "bob", "carol"]) add(queue, job, { isKnown: true });
  expect([0, 1, 2, 3].map(() => queue.take(0))).toEqual(["owner", "bob", "owner-0", "carol"]);
});

it("A: gives the place of whoever has used most to another when it is full", () => {
  const queue = new FairQueue<string>();
  add(queue, "flood-first");
  queue.take(0);
  for (let i = 0; i < WAITING_MAX; i += 1) expect(add(queue, `flood-${i}`)).toBeUndefined();
  expect(add(queue, "flood-more")).toBe("flood-more");
  expect(add(queue, "bob")).toBe(`flood-${WAITING_MAX - 1}`);
  expect(add(queue, "owner", { isKnown: true })).toMatch(/^flood/);
  expect(queue.size).toBe(WAITING_MAX);
});

it("A: an account that many strangers try is refused before another that was as quiet", () => {
  const queue = new FairQueue<string>();
  for (let i = 0; i < WAITING_MAX; i += 1) add(queue, `owner-${i}`, { address: `10.0.0.${i}` });
  expect(add(queue, "bob")).toBe(`owner-${WAITING_MAX - 1}`);
});

it("keeps attempts apart that have to be", () => {
  const queue = new FairQueue<string>();
  const spaced = { spacings: [["pair alice", 500]] } as const;
  for (const job of ["alice-1", "alice-2"]) add(queue, job, spaced);
  add(queue, "bob");
  expect(takeAll(queue)).toEqual(["alice-1", "bob"]);
  expect(queue.nextInMs(100)).toBe(400);
  expect(queue.take(499)).toBeUndefined();
  expect(queue.take(500)).toBe("alice-2");
  expect(queue.nextInMs(500)).toBeUndefined();
});

it("counts what was used half after a minute", () => {
  const queue = new FairQueue<string>();
  add(queue, "early-1");
  add(queue, "early-2");
  takeAll(queue);
  add(queue, "late-1");
  queue.take(120_000);
  for (const job of ["late-2", "early-3"]) add(queue, job);
  expect(takeAll(queue, 120_000)).toEqual(["early-3", "late-2"]);
});

it("says when an account has enough waiting from an address", () => {
  const queue = new FairQueue<string>();
  for (let i = 0; i < WAITING_OF_PAIR_MAX; i += 1) {
    expect(queue.isBusy("alice", "home")).toBe(false);
    add(queue, `alice-${i}`, { address: "home" });
  }
  expect(queue.isBusy("alice", "home")).toBe(true);
  expect(queue.isBusy("alice", "office")).toBe(false);
});
