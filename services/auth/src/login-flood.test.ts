import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
const HOME = { flooder: "10.1.0.1", owner: "10.1.0.2", other: "10.1.0.3" } as const;
const ATTACKERS = 60;
/** How long it lasts, and how often the innocent log in meanwhile. */
const FLOOD_MS = Number(process.env.LOGIN_FLOOD_MS ?? 3_000);
const PAUSE_MS = 250;
/** A login takes 60 to 300 ms in it on two processors; tests share them with others. */
const P95_MS_MAX = 2_500;

let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture({ NODE_ENV: "development", AUTH_GRPC_TOKEN: "c".repeat(32) });
  for (const [username, clientAddress] of Object.entries(HOME))
    await auth.calls.register({ username, password: PASSWORD, displayName: "", clientAddress });
});
afterAll(async () => await auth?.close());

const login = (username: string, clientAddress: string, password = PASSWORD) =>
  auth.calls.login({ username, password, device: "", clientAddress });

/** Repeats a login until the flood is over; how long the good ones took, ms, and why others were refused. */
async function repeat(pauseMs: number, attempt: () => Promise<unknown>) {
  const until = performance.now() + FLOOD_MS;
  const took: number[] = [];
  const refused: string[] = [];
  while (performance.now() < until) {
    const from = performance.now();
    await attempt().then(
      () => took.push(performance.now() - from),
      (error: Error) => refused.push(error.message),
    );
    await sleep(pauseMs);
  }
  took.sort((a, b) => a - b);
  return {
    p95: took[Math.floor(took.length * 0.95)] ?? Number.POSITIVE_INFINITY,
    refused,
    good: took.length,
  };
}

it("A: in a flood of good logins and of wrong passwords from 60 addresses, others and the owner get in", async () => {
  const flood = [
    ...Array.from({ length: 8 }, () => repeat(0, () => login("flooder", HOME.flooder))),
    ...Array.from({ length: ATTACKERS }, (_, i) =>
      repeat(10, () => login("owner", `10.2.0.${i}`, "wrong password")),
    ),
  ];
  await sleep(500);
  const [owner, other, elsewhere] = await Promise.all([
    repeat(PAUSE_MS, () => login("owner", HOME.owner)),
    repeat(PAUSE_MS, () => login("other", HOME.other)),
    repeat(4 * PAUSE_MS, () => login("other", "10.3.0.1")),
  ]);
  const [flooder] = await Promise.all(flood);
  if (process.env.LOGIN_FLOOD_MS)
    process.stdout.write(`${JSON.stringify({ owner, other, elsewhere, flooder: flooder?.good })}\n`);
  for (const innocent of [owner, other, elsewhere]) {
    expect(innocent.refused).toEqual([]);
    expect(innocent.good).toBeGreaterThan(1);
    expect(innocent.p95).toBeLessThan(P95_MS_MAX);
  }
}, 30_000);
