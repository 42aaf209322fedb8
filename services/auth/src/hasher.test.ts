import { readFile } from "node:fs/promises";
import { createLog } from "@parley/runtime/log";
import { argon2id, hash } from "argon2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Turn, WAITING_MAX } from "./fair-queue.ts";
import { HASHES_IN_FLIGHT_MAX, type Hasher, startHasher } from "./hasher.ts";
import { HASH_PARAMETERS } from "./password-rules.ts";

const ANYBODY: Turn = { account: "anybody", address: "10.0.0.1", isKnown: false, spacings: [] };
let hasher: Hasher;
beforeAll(() => {
  hasher = startHasher(createLog("test", "silent"));
});
afterAll(() => hasher?.close());

it("hashes with argon2id, 19 MiB, two passes and one lane", async () => {
  expect(await hasher.hash("correct horse", ANYBODY)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

it("matches the right password, and neither a wrong one nor one without a hash", async () => {
  const stored = await hasher.hash("correct horse", ANYBODY);
  expect(await hasher.verify("correct horse", stored, ANYBODY)).toEqual({ matches: true, stale: false });
  expect(await hasher.verify("wrong horse", stored, ANYBODY)).toEqual({ matches: false, stale: false });
  expect(await hasher.verify("correct horse", undefined, ANYBODY)).toEqual({ matches: false, stale: false });
});

it("reports a hash with weaker parameters as stale", async () => {
  const old = await hash("correct horse", { type: argon2id, memoryCost: 4_096, timeCost: 1, parallelism: 1 });
  expect(await hasher.verify("correct horse", old, ANYBODY)).toEqual({ matches: true, stale: true });
});

it("A: refuses requests that exceed the queue, and keeps the others", async () => {
  const full = startHasher(createLog("test", "silent"));
  await full.hash("correct horse", ANYBODY);
  const places = WAITING_MAX + HASHES_IN_FLIGHT_MAX;
  const asked = Array.from({ length: places + 10 }, (_, i) =>
    full.hash("correct horse", { ...ANYBODY, account: `account${i}` }),
  );
  const kept = Promise.allSettled(asked.slice(0, places));
  for (const refusal of await Promise.allSettled(asked.slice(places)))
    expect(refusal).toMatchObject({ reason: { code: "rate_limited", retryAfterMs: expect.any(Number) } });
  expect(await asked[0]).toContain("$argon2id$");
  full.close();
  for (const outcome of await kept)
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "unavailable" });
});

it("rejects the running hashes when the process dies, and continues with a new one", async () => {
  const pid = hasher.pid() as number;
  const asked = Array.from({ length: 6 }, () => hasher.hash("correct horse", ANYBODY));
  process.kill(pid, "SIGKILL");
  const outcomes = await Promise.allSettled(asked);
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThanOrEqual(HASHES_IN_FLIGHT_MAX);
  for (const { reason } of failed) expect(reason).toMatchObject({ code: "unavailable" });
  expect(hasher.pid()).not.toBe(pid);
  expect(await hasher.hash("correct horse", ANYBODY)).toContain("$argon2id$");
});

it("kills and replaces a process that does not answer", async () => {
  const impatient = startHasher(createLog("test", "silent"), HASH_PARAMETERS, 1_000);
  await impatient.hash("correct horse", ANYBODY);
  const stuck = impatient.pid() as number;
  process.kill(stuck, "SIGSTOP");
  await expect(impatient.hash("correct horse", ANYBODY)).rejects.toMatchObject({ code: "unavailable" });
  expect(await impatient.hash("correct horse", ANYBODY)).toContain("$argon2id$");
  expect(impatient.pid()).not.toBe(stuck);
  impatient.close();
});

it.runIf(process.platform === "linux")("hashes without auth's environment", async () => {
  const pid = hasher.pid() as number;
  await Promise.all([hasher.hash("correct horse", ANYBODY), hasher.hash("correct horse", ANYBODY)]);
  expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain("PATH=");
});
