import { status } from "@grpc/grpc-js";
import { openDatabase } from "@parley/runtime/postgres";
import { argon2id, hash } from "argon2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";
import { cleanUp } from "./cleanup.ts";
import { createListRevocations, REVOCATIONS_MAX } from "./list-revocations.ts";
import { TEST_HASH_PARAMETERS } from "./password-rules.ts";

const PASSWORD = "correct horse battery";
const REVOKED = { status: status.UNAUTHENTICATED, code: "session_revoked" };
const UNKNOWN = { status: status.UNAUTHENTICATED, code: "unauthenticated" };

let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture({ RATE_LIMITS: "off" });
});
afterAll(async () => await auth?.close());

let users = 0;
/** A new user with one session. */
const enter = async () => {
  const username = `user-${++users}`;
  await auth.calls.enroll(username, PASSWORD);
  return { username, ...(await auth.calls.enter(username, PASSWORD)) };
};
const refresh = (refreshToken: string) => auth.calls.refresh({ refreshToken });
const verify = (token: string) => auth.calls.verifyToken({ token });

/** Runs a statement on the service's database, for example to let a session expire. */
const sql = async (text: string, params: string[] = []) => {
  const database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  try {
    return await database.query<Record<string, unknown>>(text, params);
  } finally {
    await database.close();
  }
};

it("exchanges a refresh token for a new pair of the same session", async () => {
  const first = await enter();
  expect(first.refreshToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const second = await refresh(first.refreshToken);
  expect(second.refreshToken).not.toBe(first.refreshToken);
  expect(second).toMatchObject({ expiresInSeconds: 900, user: first.user });
  expect((await verify(second.token)).sessionId).toBe((await verify(first.token)).sessionId);
  const third = await refresh(second.refreshToken);
  expect(new Set([first, second, third].map((pair) => pair.refreshToken)).size).toBe(3);
});

it("stores no token, only hashes", async () => {
  const { refreshToken, token } = await enter();
  const next = await refresh(refreshToken);
  const rows = await sql(
    "select t::text from auth.refresh_tokens t union all select s::text from auth.sessions s",
  );
  const stored = JSON.stringify(rows);
  for (const secret of [refreshToken, next.refreshToken, token]) {
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret, "base64url").toString("hex"));
  }
});

it("gives the same successor to the same token for a day while it is unused, and revokes the session after that", async () => {
  const first = await enter();
  const second = await refresh(first.refreshToken);
  const age = (interval: string) =>
    sql(
      `update auth.refresh_tokens set rotated_at = now() - interval '${interval}' where rotated_at is not null`,
    );
  for (const slept of ["1 s", "23 h"]) {
    await age(slept);
    expect((await refresh(first.refreshToken)).refreshToken).toBe(second.refreshToken);
  }
  await age("24 h 1 s");
  expect(await refusalOf(refresh(first.refreshToken))).toMatchObject(REVOKED);
  expect(await refusalOf(refresh(second.refreshToken))).toMatchObject(REVOKED);
  expect(await refusalOf(verify(second.token))).toMatchObject(REVOKED);
});

it("revokes the session when a token is used again after its successor was used", async () => {
  const first = await enter();
  const second = await refresh(first.refreshToken);
  const third = await refresh(second.refreshToken);
  expect(await refusalOf(refresh(first.refreshToken))).toMatchObject(REVOKED);
  expect(await refusalOf(refresh(third.refreshToken))).toMatchObject(REVOKED);
  expect(await refusalOf(verify(third.token))).toMatchObject(REVOKED);
});

it("makes one chain of 50 concurrent refreshes over two instances", async () => {
  const other = await auth.another();
  try {
    const first = await enter();
    const tries = Array.from({ length: 50 }, (_, i) =>
      (i % 2 ? auth : other).calls.refresh({ refreshToken: first.refreshToken }),
    );
    const pairs = await Promise.all(tries);
    const successors = new Set(pairs.map((pair) => pair.refreshToken));
    expect(successors.size).toBe(1);
    await refresh([...successors][0] as string);
    const { sessionId } = await verify(first.token);
    const rows = await sql("select 1 from auth.refresh_tokens where session_id = $1", [sessionId]);
    expect(rows).toHaveLength(3);
  } finally {
    await other.close();
  }
});

it("refuses malformed refresh tokens, access tokens as refresh tokens, and the reverse", async () => {
  const { token, refreshToken } = await enter();
  for (const wrong of [
    "",
    token,
    "x".repeat(43),
    `${refreshToken}x`,
    `${refreshToken}\0`,
    "x".repeat(50_000),
  ])
    expect(await refusalOf(refresh(wrong))).toMatchObject(UNKNOWN);
  expect(await refusalOf(verify(refreshToken))).toMatchObject(UNKNOWN);
  await verify((await refresh(refreshToken)).token);
});

it("logs out with an access token or a refresh token, also twice; then neither is valid", async () => {
  const one = await enter();
  await auth.calls.logout({ token: one.token, refreshToken: "" });
  await auth.calls.logout({ token: one.token, refreshToken: "" });
  expect(await refusalOf(verify(one.token))).toMatchObject(REVOKED);
  expect(await refusalOf(refresh(one.refreshToken))).toMatchObject(REVOKED);
  const two = await enter();
  await auth.calls.logout({ token: "stale", refreshToken: two.refreshToken });
  await auth.calls.logout({ token: "", refreshToken: two.refreshToken });
  expect(await refusalOf(verify(two.token))).toMatchObject(REVOKED);
  expect(await refusalOf(auth.calls.logout({ token: "", refreshToken: "" }))).toMatchObject(UNKNOWN);
  expect(await refusalOf(auth.calls.logout({ token: "", refreshToken: "x".repeat(43) }))).toMatchObject(
    UNKNOWN,
  );
});

it("lists and revokes the user's own sessions, but nobody else's", async () => {
  const mine = await enter();
  const phone = await auth.calls.enter(mine.username, PASSWORD, "phone\n\ud800");
  const other = await enter();
  const { sessions } = await auth.calls.listSessions({ token: mine.token });
  expect(sessions.map(({ device, isCurrent }) => [device, isCurrent])).toEqual([
    ["phone \ufffd", false],
    ["test", true],
  ]);
  const sessionId = sessions[0]?.id ?? "";
  const notFound = { status: status.NOT_FOUND, code: "session_not_found" };
  for (const id of [sessionId.replace(/^./, (first) => (first === "0" ? "1" : "0")), "no id", ""])
    expect(await refusalOf(auth.calls.revokeSession({ token: mine.token, sessionId: id }))).toMatchObject(
      notFound,
    );
  expect(await refusalOf(auth.calls.revokeSession({ token: other.token, sessionId }))).toMatchObject(
    notFound,
  );
  await verify(phone.token);
  await auth.calls.revokeSession({ token: mine.token, sessionId });
  expect(await refusalOf(verify(phone.token))).toMatchObject(REVOKED);
  expect((await auth.calls.listSessions({ token: mine.token })).sessions).toHaveLength(1);
});

it("revokes all other sessions when the password changes", async () => {
  const mine = await enter();
  const others = [
    await auth.calls.enter(mine.username, PASSWORD),
    await auth.calls.enter(mine.username, PASSWORD),
  ];
  const change = (oldPassword: string, newPassword: string) =>
    auth.calls.changePassword({ token: mine.token, oldPassword, newPassword, clientAddress: "" });
  expect(await refusalOf(change("wrong password", "a new password"))).toMatchObject({
    status: status.PERMISSION_DENIED,
    code: "wrong_password",
  });
  expect(await refusalOf(change(PASSWORD, "short"))).toMatchObject({
    code: "bad_frame",
    path: "/newPassword",
  });
  for (const other of others) await verify(other.token);
  expect(await change(PASSWORD, "a new password")).toEqual({ revokedSessions: 2 });
  for (const other of others) {
    expect(await refusalOf(verify(other.token))).toMatchObject(REVOKED);
    expect(await refusalOf(refresh(other.refreshToken))).toMatchObject(REVOKED);
  }
  await verify((await refresh(mine.refreshToken)).token);
  expect(await refusalOf(auth.calls.enter(mine.username, PASSWORD))).toMatchObject(UNKNOWN);
  await auth.calls.enter(mine.username, "a new password");
});

it("leaves no session of the old password open after logins that run during the change", async () => {
  for (let round = 0; round < 5; round++) {
    const mine = await enter();
    const tries = Array.from({ length: 8 }, () => auth.calls.enter(mine.username, PASSWORD));
    const logins = Promise.allSettled(tries);
    await auth.calls.changePassword({
      token: mine.token,
      oldPassword: PASSWORD,
      newPassword: `new password ${round}`,
      clientAddress: "",
    });
    for (const outcome of await logins)
      if (outcome.status === "fulfilled") await refusalOf(verify(outcome.value.token));
    expect((await auth.calls.listSessions({ token: mine.token })).sessions).toHaveLength(1);
  }
});

it("changes the display name at once", async () => {
  const { token, user } = await enter();
  const { user: renamed } = await auth.calls.updateProfile({ token, displayName: "  Zoë 🦊 " });
  expect(renamed).toEqual({ ...user, displayName: "Zoë 🦊" });
  expect((await verify(token)).user).toEqual(renamed);
  expect(await refusalOf(auth.calls.updateProfile({ token, displayName: "" }))).toMatchObject({
    code: "bad_frame",
    path: "/displayName",
  });
});

it("lists every session that was revoked since a time", async () => {
  const start = await auth.calls.listRevocations({ since: undefined });
  const { token, user } = await enter();
  const { sessionId } = await verify(token);
  await auth.calls.logout({ token, refreshToken: "" });
  const { revocations, nextSince, hasMore } = await auth.calls.listRevocations({ since: start.nextSince });
  expect(revocations).toContainEqual({ sessionId, userId: user?.id, at: expect.any(Date) });
  expect(hasMore).toBe(false);
  expect((nextSince as Date).getTime()).toBeGreaterThanOrEqual(start.nextSince?.getTime() ?? Number.NaN);
  const future = await auth.calls.listRevocations({ since: new Date(Date.now() + 60_000) });
  expect(future.revocations).toEqual([]);
  const first = await auth.calls.listRevocations({ since: new Date(-8.6e15) });
  expect(first.revocations.length).toBeGreaterThanOrEqual(revocations.length);
  expect((await auth.calls.listRevocations({ since: new Date(8.6e15) })).revocations).toEqual([]);
});

it("lists many revocations in pages, and ends", async () => {
  const { user } = await enter();
  await sql(
    `insert into auth.sessions (user_id, expires_at, revoked_at)
     select $1, now() + interval '1 day', now() - interval '10 min' + (i / 700) * interval '1 ms'
     from generate_series(1, 1600) i`,
    [user?.id ?? ""],
  );
  const database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  const list = createListRevocations(database);
  const seen = new Set<string>();
  let page = await list(undefined);
  for (let pages = 1; ; pages++) {
    for (const { sessionId } of page.revocations) seen.add(sessionId);
    if (!page.hasMore) break;
    expect(page.revocations.length).toBeGreaterThanOrEqual(REVOCATIONS_MAX);
    expect(pages).toBeLessThan(10);
    page = await list(page.nextSince);
  }
  await database.close();
  expect(seen.size).toBeGreaterThanOrEqual(1_600);
});

it("deletes sessions a day after they ended, and retry keys a day after their exchange", async () => {
  const old = await enter();
  const kept = await enter();
  await refresh(kept.refreshToken);
  const { sessionId } = await verify(old.token);
  await sql("update auth.sessions set expires_at = now() - interval '25 h' where id = $1", [sessionId]);
  await sql(
    "update auth.refresh_tokens set rotated_at = now() - interval '25 h' where rotated_at is not null",
  );
  const database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  await cleanUp(database);
  await database.close();
  expect(await sql("select 1 from auth.refresh_tokens where session_id = $1", [sessionId])).toEqual([]);
  expect(await sql("select 1 from auth.refresh_tokens where retry_key is not null")).toEqual([]);
  expect(await refusalOf(verify(old.token))).toMatchObject(UNKNOWN);
  await verify(kept.token);
});

it("refuses the tokens of an expired session", async () => {
  const { token, refreshToken } = await enter();
  await sql("update auth.sessions set expires_at = now() where id = $1", [(await verify(token)).sessionId]);
  expect(await refusalOf(verify(token))).toMatchObject(UNKNOWN);
  expect(await refusalOf(refresh(refreshToken))).toMatchObject({ status: status.UNAUTHENTICATED });
});

it("hashes a password again at the next login if its hash has old parameters", async () => {
  const { username } = await enter();
  const weak = await hash(PASSWORD, { type: argon2id, memoryCost: 4_096, timeCost: 1, parallelism: 1 });
  await sql("update auth.users set password_hash = $1 where username = $2", [weak, username]);
  await refusalOf(auth.calls.enter(username, "wrong password"));
  await auth.calls.enter(username, PASSWORD);
  const [row] = await sql("select password_hash as h from auth.users where username = $1", [username]);
  expect(row?.h).toContain(`m=${TEST_HASH_PARAMETERS.memoryCost},t=1,p=1`);
  await auth.calls.enter(username, PASSWORD);
});
