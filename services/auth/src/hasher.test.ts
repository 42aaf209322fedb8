import { readdir, readFile } from "node:fs/promises";
import { createLog } from "@parley/runtime/log";
import { argon2id, hash } from "argon2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HASH_QUEUE_MAX, HASHES_IN_FLIGHT_MAX, type Hasher, startHasher } from "./hasher.ts";

let hasher: Hasher;
beforeAll(() => {
  hasher = startHasher(createLog("test", "silent"));
});
afterAll(async () => await hasher?.close());

it("hashes with argon2id, 19 MiB, two passes and one lane", async () => {
  expect(await hasher.hash("correct horse")).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

it("knows the right password, the wrong one, and nobody's", async () => {
  const stored = await hasher.hash("correct horse");
  expect(await hasher.verify("correct horse", stored)).toEqual({ matches: true, stale: false });
  expect(await hasher.verify("wrong horse", stored)).toEqual({ matches: false, stale: false });
  expect(await hasher.verify("correct horse", undefined)).toEqual({ matches: false, stale: false });
});

it("tells a hash that was made with weaker parameters", async () => {
  const old = await hash("correct horse", { type: argon2id, memoryCost: 4_096, timeCost: 1, parallelism: 1 });
  expect(await hasher.verify("correct horse", old)).toEqual({ matches: true, stale: true });
});

it("refuses what the queue cannot hold, and serves the rest", async () => {
  const places = HASH_QUEUE_MAX + HASHES_IN_FLIGHT_MAX;
  const asked = Array.from({ length: places + 10 }, () => hasher.hash("correct horse"));
  const outcomes = await Promise.allSettled(asked);
  const refused = outcomes.slice(places);
  for (const refusal of refused)
    expect(refusal).toMatchObject({ reason: { code: "rate_limited", retryAfterMs: expect.any(Number) } });
  // On a machine that is very busy, those at the end of the queue may have waited too long.
  for (const outcome of outcomes.slice(0, places))
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "unavailable" });
});

it("fails what was under way when the process dies, and goes on with a new one", async () => {
  const pid = hasher.pid() as number;
  const asked = Array.from({ length: 6 }, () => hasher.hash("correct horse"));
  process.kill(pid, "SIGKILL");
  const outcomes = await Promise.allSettled(asked);
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThanOrEqual(HASHES_IN_FLIGHT_MAX);
  for (const { reason } of failed) expect(reason).toMatchObject({ code: "unavailable" });
  expect(hasher.pid()).not.toBe(pid);
  expect(await hasher.hash("correct horse")).toContain("$argon2id$");
});

const SCHED_IDLE = 5;

it("hashes with the time that everybody else leaves over, with all its threads", async () => {
  const pid = hasher.pid() as number;
  const policies = (await readdir(`/proc/${pid}/task`)).map(async (task) => {
    const stat = await readFile(`/proc/${pid}/task/${task}/stat`, "utf8");
    // Field 41 of proc(5), counted from the third, which follows the name in brackets.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]);
  });
  expect(new Set(await Promise.all(policies))).toEqual(new Set([SCHED_IDLE]));
});

it("hashes at once when the background gets no time, and in the background again later", async () => {
  const starved = startHasher(createLog("test", "silent"), 3_000);
  await starved.hash("correct horse");
  const background = starved.pid() as number;
  process.kill(background, "SIGSTOP");
  try {
    const began = performance.now();
    const asked = Array.from({ length: 5 }, () => starved.hash("correct horse"));
    expect(await Promise.all(asked)).toHaveLength(5);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(starved.pid()).not.toBe(background);
  } finally {
    process.kill(background, "SIGCONT");
  }
  while (starved.pid() !== background) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await starved.hash("correct horse")).toContain("$argon2id$");
  await starved.close();
});
