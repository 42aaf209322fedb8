import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
const ORIGIN = "http://localhost:8083";
let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture({ SESSIONS_PER_USER_MAX: "3" });
});
afterAll(async () => await auth?.close());

type User = Readonly<{ id: string; username: string; displayName: string }>;
type Answer = Readonly<{ status: number; cookie: string; code?: string; data: never }>;

async function send(
  method: string,
  path: string,
  { token, body, headers = {} }: { token?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const answer = await fetch(`${auth.url}/api/v1${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const [cookie = ""] = answer.headers.getSetCookie();
  return {
    status: answer.status,
    cookie: cookie.split(";")[0] ?? "",
    ...((await answer.json()) as object),
  } as Answer;
}

/** A new user with a session. */
async function enter(username: string) {
  await auth.calls.enroll(username, PASSWORD);
  return await auth.calls.enter(username, PASSWORD);
}
const isOpen = async (token: string) => (await send("GET", "/me", { token })).status === 200;

it("signs out everywhere, the session of the request included", async () => {
  const [one, two] = [await enter("everywhere"), await auth.calls.enter("everywhere", PASSWORD)];
  const other = await enter("elsewhere");
  expect(await send("POST", "/logout-all", { token: one.token })).toMatchObject({
    status: 200,
    data: { revokedSessions: 2 },
  });
  expect(await Promise.all([one, two, other].map(({ token }) => isOpen(token)))).toEqual([
    false,
    false,
    true,
  ]);
  expect((await refusalOf(auth.calls.refresh({ refreshToken: two.refreshToken }))).code).toBe(
    "session_revoked",
  );
  expect((await send("POST", "/logout-all", {})).status).toBe(401);
});

it("A: revokes the session that was used least recently when a user has more than the quota", async () => {
  const sessions = [await enter("collector")];
  for (let i = 0; i < 2; i += 1) sessions.push(await auth.calls.enter("collector", PASSWORD));
  await auth.calls.refresh({ refreshToken: sessions[0]?.refreshToken ?? "" });
  sessions.push(await auth.calls.enter("collector", PASSWORD));
  expect(await Promise.all(sessions.map(({ token }) => isOpen(token)))).toEqual([true, false, true, true]);
  const { revocations } = await auth.calls.listRevocations({ since: undefined });
  const { sessionId } = await auth.calls.verifyToken({ token: sessions[0]?.token ?? "" });
  expect(revocations.map((each) => each.userId)).toContain(sessions[0]?.user?.id);
  expect(revocations.map((each) => each.sessionId)).not.toContain(sessionId);
});

it("deletes an account with its password: sessions end, names are erased, nobody else gets the username", async () => {
  const { token, user } = await enter("Leaver");
  const reader = await enter("reader");
  expect(await send("DELETE", "/me", { token, body: { password: "wrong password" } })).toMatchObject({
    status: 403,
    code: "wrong_password",
  });
  expect(await isOpen(token)).toBe(true);
  expect(await send("DELETE", "/me", { token, body: { password: PASSWORD } })).toMatchObject({
    status: 200,
    data: { deleted: true },
  });
  expect(await send("GET", "/me", { token })).toMatchObject({ status: 401, code: "session_revoked" });
  const { revocations } = await auth.calls.listRevocations({ since: undefined });
  expect(revocations.map((each) => each.userId)).toContain(user?.id);
  expect((await refusalOf(auth.calls.enter("leaver", PASSWORD))).code).toBe("unauthenticated");
  expect((await refusalOf(auth.calls.enroll("LEAVER", PASSWORD))).code).toBe("username_taken");
  const { users, deletedIds } = await auth.calls.getUsers({ ids: [user?.id ?? "", reader.user?.id ?? ""] });
  expect(deletedIds).toEqual([user?.id]);
  const deleted = users.find(({ id }) => id === user?.id);
  expect(deleted).toEqual({
    id: user?.id,
    username: expect.stringMatching(/^deleted-[0-9a-f]{24}$/),
    displayName: "Deleted account",
  });
  expect((await refusalOf(auth.calls.enter(deleted?.username ?? "", ""))).code).toBe("unauthenticated");
  expect((await refusalOf(auth.calls.enroll("deleted-account", PASSWORD))).code).toBe("bad_frame");
  expect((await send("GET", "/users?name=leaver", { token: reader.token })).data).toEqual([]);
  expect((await send("GET", "/users?name=deleted", { token: reader.token })).data).toEqual([]);
});

it("gives an account's data to its owner, without secrets", async () => {
  const { token, user } = await enter("exporter");
  const answer = await send("GET", "/me/export", { token });
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.data).toEqual({
    user: { ...user, createdAt: time, updatedAt: time },
    sessions: [
      {
        ...{ id: expect.any(String), device: "test", createdAt: time, lastUsedAt: time, expiresAt: time },
        ...{ revokedAt: null, revokedWhy: null },
      },
    ],
    knownAddresses: [{ hash: expect.stringMatching(/^[0-9a-f]{64}$/), usedAt: time }],
  });
  expect(JSON.stringify(answer)).not.toContain("argon2");
  expect((await send("GET", "/me/export")).status).toBe(401);
});

it("finds users by the beginning of a username or display name, and limits it", async () => {
  const { token } = await enter("finder");
  for (const [username, displayName] of [
    ["zoe", "Zoe"],
    ["Zora", "Somebody"],
    ["smith", "Zoltan S."],
    ["z_o", "Under"],
  ])
    await auth.calls.register({ username, password: PASSWORD, displayName, clientAddress: "" } as never);
  const find = async (query: string) => {
    const { status, data, code } = await send("GET", `/users?${query}`, { token });
    return status === 200 ? (data as User[]).map(({ username }) => username) : `${status} ${code}`;
  };
  expect(await find("name=zO")).toEqual(["smith", "zoe", "Zora"]);
  expect(await find("name=zo&limit=1")).toEqual(["smith"]);
  expect(await find("name=z_")).toEqual(["z_o"]);
  for (const none of ["%25", "\\", "_oe", "'"])
    expect(await find(`name=${encodeURIComponent(none)}`)).toEqual([]);
  for (const bad of [
    "",
    "name=",
    "name=z&ids=a",
    "name=z&limit=0",
    "name=z&limit=51",
    "name=%00",
    `name=${"z".repeat(65)}`,
  ])
    expect(await find(bad)).toBe("400 bad_frame");
  const many = await Promise.all(Array.from({ length: 150 }, () => find("name=z")));
  expect(many).toContain("429 rate_limited");
});

it.each([
  ["another site", "https://evil.example", 403],
  ["a page without an origin", "null", 403],
  ["a look-alike", `${ORIGIN}.evil.example`, 403],
  ["an allowed page", ORIGIN, 200],
  ["the service's own page", "own", 200],
  ["no page", undefined, 200],
])("C: a POST with the cookie and without a body from %s", async (_who, given, expected) => {
  const username = `page-${Math.random().toString(36).slice(2, 10)}`;
  await auth.calls.enroll(username, PASSWORD);
  const body = { username, password: PASSWORD, cookieOnly: true };
  const { cookie, data } = await send("POST", "/login", { body });
  expect(data).not.toHaveProperty("refreshToken");
  const origin = given === "own" ? auth.url : given;
  for (const path of ["/refresh", "/logout"]) {
    const headers = { cookie, ...(origin === undefined ? {} : { origin }) };
    const answer = await fetch(`${auth.url}/api/v1${path}`, { method: "POST", headers });
    expect(answer.status).toBe(expected);
    if (expected === 200) return;
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(await answer.json()).toMatchObject({ code: "forbidden", status: 403 });
  }
  expect((await send("POST", "/refresh", { headers: { cookie } })).status).toBe(200);
});
