import { status } from "@grpc/grpc-js";
import type { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { scoped } from "./scoped.ts";
import type { Scope } from "./service-token.ts";
import { createTokenVerifier, type TokenVerifier } from "./token-verifier.ts";

const RULES = { issuer: "parley-auth", audience: "parley" };
const MINUTE = 60_000;
/** In the form of a token; auth refuses it. */
const REFUSED = `e30.e30.${"A".repeat(86)}`;

/** In the form of a service token; it may read. */
const SERVICE = `parley_${"x".repeat(43)}`;

type Callback = (error: { code: status } | null, answer?: object) => void;

/** In place of auth's client: accepts every token but `REFUSED`; `isAway` makes every call fail. */
class FakeAuth {
  isAway = false;
  verified = 0;
  readonly batches: number[] = [];
  fetched = 0;
  jwksJson = "";
  readonly expiresAt = new Date(Date.now() + 60 * MINUTE);

  getJwks(_request: object, _metadata: object, _options: object, callback: Callback): void {
    this.fetched += 1;
    this.#answer(callback, { jwksJson: this.jwksJson });
  }

  verifyTokens({ tokens }: { tokens: string[] }, _m: object, _o: object, callback: Callback): void {
    this.verified += 1;
    this.batches.push(tokens.length);
    const user = { id: "u1", username: "alice", displayName: "Alice" };
    const valid = { user, sessionId: "s1", expiresAt: this.expiresAt, code: "" };
    const answers = tokens.map((token) => {
      if (token === SERVICE)
        return { ...valid, sessionId: "s2", serviceToken: { scopes: ["messages:read"] } };
      return token === REFUSED ? { code: "unauthenticated" } : valid;
    });
    this.#answer(callback, { tokens: answers });
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
    .setJti("j1")
    .setIssuedAt()
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

/** The username of a token, or the code of its refusal; advances the clock by 20 ms. */
async function outcome(of = token): Promise<string> {
  const verified = verifier.verify(of).then(
    ({ username }) => username,
    (error: { code?: string }) => String(error.code),
  );
  await vi.advanceTimersByTimeAsync(20);
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

it("calls auth once for concurrent verifications of a token, and again only after five seconds", async () => {
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

it("calls auth again for a session that was forgotten", async () => {
  open();
  await outcome();
  verifier.forget(({ sessionId }) => sessionId === "s1");
  await outcome();
  expect(auth.verified).toBe(2);
});

it("asks auth about the tokens of many handshakes by one call, of at most 100, and each gets its own answer", async () => {
  open();
  const valid = Array.from({ length: 150 }, (_, i) => `e30.f${i}.${"A".repeat(86)}`);
  const all = [...valid, REFUSED].map((each) => outcome(each));
  await vi.advanceTimersByTimeAsync(25);
  expect(await Promise.all(all)).toEqual([...valid.map(() => "alice"), "unauthenticated"]);
  expect(auth.batches).toEqual([100, 51]);
});

it("A: refuses what has not the form of a token without a call of auth", async () => {
  open();
  for (const bad of ["", "a.b.c", `e30.e30.${"é".repeat(86)}`, `e30.${"a".repeat(5_000)}.${"A".repeat(86)}`])
    expect(await outcome(bad)).toBe("unauthenticated");
  expect(auth.verified).toBe(0);
});

it("A: calls auth once a minute for a token that it refused", async () => {
  open();
  for (let second = 0; second < 59; second += 1) {
    expect(await outcome(REFUSED)).toBe("unauthenticated");
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(auth.verified).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await outcome(REFUSED)).toBe("unauthenticated");
  expect(auth.verified).toBe(2);
  expect(await outcome()).toBe("alice");
});

it("verifies locally while auth is away, tries auth once a second, and stays ready", async () => {
  open();
  await outcome();
  auth.isAway = true;
  for (let second = 0; second < 60; second += 1) {
    expect(await outcome()).toBe("alice");
    expect(await outcome(REFUSED)).toBe("unauthenticated");
    expect(await isReady()).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(auth.verified).toBeLessThan(70);
});

it("stops verifying locally when auth was away for ten minutes, until it is back", async () => {
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

it("fetches the keys soon after auth is back, if it was away at the start", async () => {
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

it("fetches the keys each minute", async () => {
  open();
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect(auth.fetched).toBeGreaterThanOrEqual(10);
  expect(auth.fetched).toBeLessThan(13);
});

it("asks auth for a service token, which nobody else can verify, and lets it do what its scopes say", async () => {
  open();
  const identities = { verify: verifier.verify, isRevoked: () => false, onRevoked: () => undefined };
  const show = (scope: Scope, shown: string) => {
    const answer = scoped(identities, scope).verify(shown);
    const outcome = answer.then(
      ({ scopes }) => scopes ?? "a person",
      ({ code }) => code,
    );
    return vi.advanceTimersByTimeAsync(50).then(() => outcome);
  };
  expect(await show("messages:read", SERVICE)).toEqual(["messages:read"]);
  expect(await show("messages:write", SERVICE)).toBe("forbidden");
  expect(await show("messages:write", token)).toBe("a person");
  expect(await show("messages:read", `${SERVICE}x`)).toBe("unauthenticated");
  auth.isAway = true;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await show("messages:read", SERVICE)).toBe("unavailable");
  expect(await show("messages:read", token)).toBe("a person");
});
