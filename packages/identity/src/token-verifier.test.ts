import { status } from "@grpc/grpc-js";
import type { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createTokenVerifier, type TokenVerifier } from "./token-verifier.ts";

const RULES = { issuer: "parley-auth", audience: "parley" };
const MINUTE = 60_000;

type Callback = (error: { code: status } | null, answer?: object) => void;

/** Auth, which can be taken away. It takes every token that is one of its own. */
class FakeAuth {
  isAway = false;
  verified = 0;
  fetched = 0;
  jwksJson = "";
  readonly expiresAt = new Date(Date.now() + 60 * MINUTE);

  getJwks(_request: object, _metadata: object, _options: object, callback: Callback): void {
    this.fetched += 1;
    this.#answer(callback, { jwksJson: this.jwksJson });
  }

  verifyToken({ token }: { token: string }, _metadata: object, _options: object, callback: Callback): void {
    this.verified += 1;
    const user = { id: "u1", username: "alice", displayName: "Alice" };
    if (!this.isAway && token === "refused") callback({ code: status.UNAUTHENTICATED });
    else this.#answer(callback, { user, sessionId: "s1", expiresAt: this.expiresAt });
  }

  #answer(callback: Callback, answer: object): void {
    setTimeout(() => (this.isAway ? callback({ code: status.UNAVAILABLE }) : callback(null, answer)), 1);
  }

  close(): void {}
}

let auth: FakeAuth;
let token: string;
let verifier: TokenVerifier;

beforeEach(async () => {
  vi.useFakeTimers();
  auth = new FakeAuth();
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  auth.jwksJson = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "EdDSA" }] });
  token = await new SignJWT({ sid: "s1", username: "alice" })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "k1" })
    .setIssuer(RULES.issuer)
    .setAudience(RULES.audience)
    .setSubject("u1")
    .setExpirationTime("1h")
    .sign(privateKey);
});
afterEach(() => {
  verifier.close();
  vi.useRealTimers();
});

function open(): void {
  verifier = createTokenVerifier(auth as unknown as AuthServiceClient, RULES);
}

/** What verifying ends in, with the clock going on meanwhile. */
async function outcome(of = token): Promise<string> {
  const verified = verifier.verify(of).then(
    ({ username }) => username,
    (error: { code?: string }) => String(error.code),
  );
  await vi.advanceTimersByTimeAsync(10);
  return verified;
}

const isReady = async (): Promise<boolean> => {
  const checked = verifier.check().then(
    () => true,
    () => false,
  );
  await vi.advanceTimersByTimeAsync(10);
  return checked;
};

it("asks auth once for a token that many bring at once, and again only after five seconds", async () => {
  open();
  const all = Array.from({ length: 100 }, () => verifier.verify(token));
  await vi.advanceTimersByTimeAsync(10);
  await Promise.all(all);
  expect(auth.verified).toBe(1);
  await vi.advanceTimersByTimeAsync(4_000);
  await outcome();
  expect(auth.verified).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  await outcome();
  expect(auth.verified).toBe(2);
});

it("asks anew for a session that it is told to forget", async () => {
  open();
  await outcome();
  verifier.forget(({ sessionId }) => sessionId === "s1");
  await outcome();
  expect(auth.verified).toBe(2);
});

it("verifies with the public keys while auth is away, asks it once a second, and is ready all the time", async () => {
  open();
  await outcome();
  auth.isAway = true;
  for (let second = 0; second < 60; second += 1) {
    expect(await outcome()).toBe("alice");
    expect(await outcome("refused")).toBe("unauthenticated");
    expect(await isReady()).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(auth.verified).toBeLessThan(70);
});

it("verifies nothing itself when auth was away for ten minutes, until it is back", async () => {
  open();
  await outcome();
  auth.isAway = true;
  await vi.advanceTimersByTimeAsync(9 * MINUTE);
  expect(await outcome()).toBe("alice");
  await vi.advanceTimersByTimeAsync(1 * MINUTE + 10_000);
  expect(await outcome()).toBe("unavailable");
  expect(await isReady()).toBe(false);
  auth.isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await outcome()).toBe("alice");
  expect(await isReady()).toBe(true);
});

it("has the keys soon, also if auth was away at the start", async () => {
  auth.isAway = true;
  open();
  expect(await outcome()).toBe("unavailable");
  expect(await isReady()).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  auth.isAway = false;
  expect(await outcome()).toBe("alice");
  await vi.advanceTimersByTimeAsync(6_000);
  auth.isAway = true;
  expect(await outcome()).toBe("alice");
  expect(await isReady()).toBe(true);
});

it("fetches the keys each minute while auth is there", async () => {
  open();
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect(auth.fetched).toBeGreaterThanOrEqual(10);
  expect(auth.fetched).toBeLessThan(13);
});
