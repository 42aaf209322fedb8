import { status } from "@grpc/grpc-js";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";
import { rotateKeys } from "./key-rotation.ts";

const PASSWORD = "correct horse battery";
let auth: AuthFixture;
let database: Database;
beforeEach(async () => {
  auth = await startAuthFixture();
  database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 2, deadlineMs: 5_000 });
  await auth.calls.enroll("alice", PASSWORD);
});
afterEach(async () => {
  await database.close();
  await auth?.close();
});

const enter = async (from: AuthFixture) => (await from.calls.enter("alice", PASSWORD)).token;
const kidOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
const published = async (from: AuthFixture) =>
  JSON.parse((await from.calls.getJwks({})).jwksJson).keys.map(({ kid }: { kid: string }) => kid);
const letPass = (seconds: number) =>
  database.query("update auth.signing_keys set signs_from = signs_from - make_interval(secs => $1)", [
    seconds,
  ]);

it("publishes the next key a minute before it signs, and the old one until its tokens have expired", async () => {
  const before = await enter(auth);
  const rotation = await rotateKeys(database, {});
  const early = await auth.another();
  expect(await published(early)).toEqual([kidOf(before), rotation?.kid]);
  expect(kidOf(await enter(early))).toBe(kidOf(before));
  await early.close();
  expect(await rotateKeys(database, {})).toBeUndefined();
  await letPass(61);
  const late = await auth.another();
  const after = await enter(late);
  expect(kidOf(after)).toBe(rotation?.kid);
  expect(await published(late)).toEqual([kidOf(before), rotation?.kid]);
  // The instance with the old keys reads them again when it sees the unknown key id.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (const from of [auth, late])
    for (const token of [before, after]) await from.calls.verifyToken({ token });
  await late.close();
  await letPass(17 * 60);
  const muchLater = await auth.another();
  expect(await published(muchLater)).toEqual([rotation?.kid]);
  await muchLater.close();
});

it("with `now`, deletes all other keys at once, and sessions continue by refresh", async () => {
  const { token, refreshToken } = await auth.calls.enter("alice", PASSWORD);
  const rotation = await rotateKeys(database, { now: true });
  const other = await auth.another();
  expect(await published(other)).toEqual([rotation?.kid]);
  expect(await refusalOf(other.calls.verifyToken({ token }))).toMatchObject({
    status: status.UNAUTHENTICATED,
  });
  await other.calls.verifyToken({ token: (await other.calls.refresh({ refreshToken })).token });
  await other.close();
});

it("follows with a key of the same kind unless another is asked for, and accepts tokens of both", async () => {
  const kinds = async () =>
    (
      await database.query<{ kty: string }>(
        "select private_jwk ->> 'kty' as kty from auth.signing_keys order by generation",
      )
    ).map(({ kty }) => kty);
  const rsa = await enter(auth);
  expect(await rotateKeys(database, { algorithm: "EdDSA" })).toMatchObject({ algorithm: "EdDSA" });
  await letPass(61);
  const other = await auth.another();
  const ed25519 = await enter(other);
  for (const token of [rsa, ed25519])
    expect((await other.calls.verifyToken({ token })).user?.username).toBe("alice");
  const { keys } = JSON.parse((await other.calls.getJwks({})).jwksJson);
  expect(await rotateKeys(database, {})).toMatchObject({ algorithm: "EdDSA" });
  expect(await kinds()).toEqual(["RSA", "OKP", "OKP"]);
  expect(keys.map(({ alg }: { alg: string }) => alg)).toEqual(["RS256", "EdDSA"]);
  expect(JSON.stringify(keys)).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
  await other.close();
});

it("adds one key when several rotations run at once", async () => {
  const rotations = await Promise.all([1, 2, 3, 4].map(() => rotateKeys(database, {})));
  expect(rotations.filter((rotation) => rotation !== undefined)).toHaveLength(1);
});
