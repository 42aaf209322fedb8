import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLimits, type Limits, REGISTRATIONS_MAX } from "./limits.ts";

const HERE = "10.0.0.1";
const THERE = "10.0.0.2";
let testDatabase: TestDatabase;
let database: Database;
let limits: Limits;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, name: "limits", connections: 4, deadlineMs: 5_000 });
  limits = createLimits(database);
});
afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

/** The required spacings of a login, ms, by rule. */
async function spacingsOf(account: string, address: string, isKnown = false, of = limits) {
  const found = of.spacings(account, address, await of.read(account, address), isKnown);
  return Object.fromEntries(found.map(([key, ms]) => [key.split(" ")[0], ms]));
}
const times = async (count: number, work: () => Promise<unknown>) => {
  for (let i = 0; i < count; i += 1) await work();
};

it("allows 60 registrations a minute from an address, then refuses with a delay", async () => {
  await times(REGISTRATIONS_MAX, () => limits.countRegistration(HERE));
  const refusal = await limits.countRegistration(HERE).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "rate_limited", status: 429 });
  expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(50_000);
  await limits.countRegistration(THERE);
});

it("spaces logins of an account after five failures, for that address only, in every instance", async () => {
  await times(6, () => limits.countFailure("alice", HERE));
  expect(await spacingsOf("alice", HERE)).toEqual({ pair: 500 });
  expect(await spacingsOf("alice", HERE, false, createLimits(database))).toEqual({ pair: 500 });
  expect(await spacingsOf("alice", THERE)).toEqual({});
  expect(await spacingsOf("bob", HERE)).toEqual({});
  await times(20, () => limits.countFailure("alice", HERE));
  expect(await spacingsOf("alice", HERE)).toEqual({ pair: 8_000 });
});

it("A: wrong passwords from many addresses slow strangers, but no address that the account used before", async () => {
  await Promise.all(Array.from({ length: 60 }, (_, i) => limits.countFailure("carol", `10.0.1.${i}`)));
  expect(await spacingsOf("carol", HERE)).toEqual({ account: 1_000 });
  expect(await spacingsOf("carol", HERE, true)).toEqual({});
});

it("A: good logins count", async () => {
  await times(101, () => limits.countSuccess("dave", HERE));
  expect(await spacingsOf("dave", THERE, true)).toEqual({ good: 500 });
});

it("forgets the failures of an account from an address after a successful login, and all after 15 minutes", async () => {
  await times(12, () => limits.countFailure("erin", HERE));
  await limits.countSuccess("erin", HERE);
  expect(await spacingsOf("erin", HERE)).toEqual({});
  await times(6, () => limits.countFailure("erin", HERE));
  await database.query("update auth.login_counts set expires_at = now() where expires_at > now()");
  expect(await spacingsOf("erin", HERE)).toEqual({});
  await limits.countFailure("erin", HERE);
  expect((await limits.read("erin", HERE)).get("pair")).toBe(1);
});

it("stores neither names nor addresses", async () => {
  await limits.countFailure("mallory", "10.9.9.9");
  const rows = JSON.stringify(await database.query("select c::text from auth.login_counts c"));
  for (const text of ["mallory", "10.9.9.9"]) {
    expect(rows).not.toContain(text);
    expect(rows).not.toContain(Buffer.from(text).toString("hex"));
  }
});
