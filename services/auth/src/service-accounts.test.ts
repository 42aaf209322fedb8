import { status } from "@grpc/grpc-js";
import { postJson } from "@parley/devstack/accounts";
import { openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
const MAX = 6;
let auth: AuthFixture;
let boss: string;
let person: string;
beforeAll(async () => {
  const env = { ADMIN_USERNAME: "Boss", SERVICE_ACCOUNTS_MAX: String(MAX), SERVICE_TOKENS_MAX: "2" };
  auth = await startAuthFixture({ ...env, LOG_LEVEL: "info" });
  for (const name of ["boss", "person"]) await auth.calls.enroll(name, PASSWORD);
  [boss, person] = (
    await Promise.all(["boss", "person"].map((name) => auth.calls.enter(name, PASSWORD)))
  ).map(({ token }) => token) as [string, string];
});
afterAll(async () => await auth?.close());

type Token = Readonly<{ id: string; createdAt: string; expiresAt: string | null; lastUsedAt: string | null }>;
type Account = Readonly<{ id: string; name: string; scopes: string[]; token: string; tokens: Token[] }>;
type Answer<T> = Readonly<{ status: number; code?: string; path?: string; data: T }>;

async function send<T = never>(method: string, path: string, token = "", body?: object): Promise<Answer<T>> {
  const answer = await fetch(`${auth.url}/api/v1${path}`, {
    method,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(token !== "" && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, ...((await answer.json()) as object) } as Answer<T>;
}
const statusOf = async (...args: Parameters<typeof send>) => {
  const { status: http, code } = await send(...args);
  return `${http}${code === undefined ? "" : ` ${code}`}`;
};
async function make(name: string, ...scopes: string[]): Promise<Account> {
  return (await postJson(`${auth.url}/api/v1/service-accounts`, { name, scopes }, boss)) as Account;
}
const list = async () => (await send<Account[]>("GET", "/service-accounts", boss)).data;
async function sql(text: string, params: string[] = []) {
  const database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  return await database.query<Record<string, unknown>>(text, params).finally(() => database.close());
}

const NONE = "00000000-0000-4000-8000-000000000000";
const ADMIN_ROUTES = [
  ["POST", "/service-accounts"],
  ["GET", "/service-accounts"],
  ["DELETE", `/service-accounts/${NONE}`],
  ["POST", `/service-accounts/${NONE}/tokens`],
  ["DELETE", `/service-accounts/${NONE}/tokens/${NONE}`],
] as const;
const PEOPLE_ROUTES = [
  ["PATCH", "/me"],
  ["PUT", "/me/password"],
  ["DELETE", "/me"],
  ["GET", "/me/export"],
  ["POST", "/logout-all"],
  ["GET", "/sessions"],
  ["DELETE", `/sessions/${NONE}`],
] as const;

it("lets nobody do more than the role or the scope says", async () => {
  const reader = await make("reader-bot", "messages:read");
  const issuer = await make("issuer-bot", "tokens:issue");
  for (const [method, path] of ADMIN_ROUTES) {
    const answers = ["", "nobody", person, reader.token, issuer.token].map((token) =>
      statusOf(method, path, token),
    );
    expect([path, ...(await Promise.all(answers))]).toEqual([
      path,
      ...["401 unauthenticated", "401 unauthenticated", "403 forbidden", "403 forbidden", "403 forbidden"],
    ]);
  }
  for (const [method, path] of PEOPLE_ROUTES)
    expect([path, await statusOf(method, path, reader.token)]).toEqual([path, "403 forbidden"]);
  for (const token of [boss, person, reader.token])
    expect(await statusOf("POST", "/service/tokens", token, { externalId: "x" })).toBe("403 forbidden");
  for (const token of [boss, person, reader.token, issuer.token])
    expect(await statusOf("GET", "/users?name=person", token)).toBe("200");
  const { token } = reader;
  const calls = [
    auth.calls.updateProfile({ token, displayName: "x" }),
    auth.calls.listSessions({ token }),
    auth.calls.revokeSession({ token, sessionId: NONE }),
    auth.calls.changePassword({ token, oldPassword: "", newPassword: PASSWORD, clientAddress: "" }),
  ];
  for (const call of calls)
    expect(await refusalOf(call)).toMatchObject({ status: status.PERMISSION_DENIED, code: "forbidden" });
  for (const one of [reader, issuer]) await send("DELETE", `/service-accounts/${one.id}`, boss);
});

it("a service token is shown once and kept as a hash; it says whose it is, what it opens, and when it was used", async () => {
  const made = await send<Account>("POST", "/service-accounts", boss, {
    ...{ name: "CI-bot", displayName: "CI", scopes: ["messages:write", "messages:read"], expiresInDays: 2 },
  });
  const { token, ...account } = made.data;
  expect(made).toMatchObject({
    status: 201,
    data: { name: "CI-bot", displayName: "CI", createdBy: { username: "boss" } },
  });
  expect(token).toMatch(/^parley_[\w-]{43}$/);
  expect(await list()).toEqual([account]);
  expect(account.tokens).toMatchObject([{ lastUsedAt: null }]);
  const days = (Date.parse(account.tokens[0]?.expiresAt ?? "") - Date.now()) / 86_400_000;
  expect(days).toBeCloseTo(2, 2);
  const me = { id: account.id, username: "CI-bot", displayName: "CI" };
  expect((await send("GET", "/me", token)).data).toEqual(me);
  const { sessionId, expiresAt, ...verified } = await auth.calls.verifyToken({ token });
  expect(verified).toEqual({ user: me, serviceToken: { scopes: ["messages:write", "messages:read"] } });
  expect(expiresAt?.getTime()).toBeLessThanOrEqual(Date.now() + 900_000);
  expect(sessionId).toBe(account.tokens[0]?.id);
  const { tokens } = await auth.calls.verifyTokens({ tokens: [person, token, `parley_${"x".repeat(43)}`] });
  expect(
    tokens.map(({ user, serviceToken, code }) => [user?.username, serviceToken?.scopes.length, code]),
  ).toEqual([
    ["person", undefined, ""],
    ["CI-bot", 2, ""],
    [undefined, undefined, "unauthenticated"],
  ]);
  expect((await list())[0]?.tokens[0]?.lastUsedAt).toEqual(expect.any(String));
  const rows = await sql(
    "select s::text || u::text as row from auth.sessions s join auth.users u on u.id = s.user_id",
  );
  expect(JSON.stringify(rows)).not.toContain(token.slice(7));
  expect((await refusalOf(auth.calls.refresh({ refreshToken: token }))).code).toBe("unauthenticated");
  expect((await refusalOf(auth.calls.enter("CI-bot", ""))).code).toBe("unauthenticated");
  await sql("update auth.sessions set expires_at = now() where id = $1::uuid", [sessionId]);
  expect(await statusOf("GET", "/me", token)).toBe("401 unauthenticated");
  expect((await list())[0]?.tokens).toEqual([]);
});

it("a token is replaced by another one and revoked; an account is removed with all its tokens", async () => {
  const { id, token: first, tokens } = await make("rotating", "messages:read");
  const second = await send<Token & { token: string }>("POST", `/service-accounts/${id}/tokens`, boss);
  expect(second).toMatchObject({ status: 201, data: { expiresAt: null, lastUsedAt: null } });
  expect(await statusOf("POST", `/service-accounts/${id}/tokens`, boss, { expiresInDays: 1 })).toBe(
    "403 quota_exceeded",
  );
  const [old = ""] = tokens.map((one) => one.id);
  expect(await statusOf("DELETE", `/service-accounts/${NONE}/tokens/${old}`, boss)).toBe(
    "404 token_not_found",
  );
  expect((await send("DELETE", `/service-accounts/${id}/tokens/${old}`, boss)).data).toEqual({
    revoked: true,
  });
  expect(await statusOf("DELETE", `/service-accounts/${id}/tokens/${old}`, boss)).toBe("404 token_not_found");
  expect(await statusOf("GET", "/me", first)).toBe("401 session_revoked");
  expect(await statusOf("GET", "/me", second.data.token)).toBe("200");
  expect((await send("DELETE", `/service-accounts/${id}`, boss)).data).toEqual({ revoked: true });
  expect(await statusOf("DELETE", `/service-accounts/${id}`, boss)).toBe("404 service_account_not_found");
  expect(await statusOf("POST", `/service-accounts/${id}/tokens`, boss)).toBe(
    "404 service_account_not_found",
  );
  expect(await statusOf("GET", "/me", second.data.token)).toBe("401 session_revoked");
  const { revocations } = await auth.calls.listRevocations({ since: undefined });
  expect(revocations.map((one) => one.sessionId)).toEqual(expect.arrayContaining([old, second.data.id]));
  expect((await list()).map(({ name }) => name)).not.toContain("rotating");
  expect((await send("GET", "/users?name=rotating", person)).data).toEqual([]);
  expect((await send<object[]>("GET", `/users?ids=${id}`, person)).data).toMatchObject([
    { username: "rotating" },
  ]);
  expect(
    await statusOf("POST", "/service-accounts", boss, { name: "Rotating", scopes: ["messages:read"] }),
  ).toBe("409 username_taken");
});

it("refuses accounts over the quota, and bodies that break a rule", async () => {
  const body = { name: "a-bot", scopes: ["messages:read"] };
  for (const [change, path] of [
    [{ name: "x" }, "/name"],
    [{ name: "admin" }, "/name"],
    [{ scopes: [] }, "/scopes"],
    [{ scopes: ["everything"] }, "/scopes/0"],
    [{ expiresInDays: 0 }, "/expiresInDays"],
    [{ displayName: "\u202e" }, "/displayName"],
  ] as const)
    expect(await send("POST", "/service-accounts", boss, { ...body, ...change })).toMatchObject({
      status: 400,
      code: "bad_frame",
      path,
    });
  const left = MAX - (await list()).length;
  for (let i = 0; i < left; i += 1) await make(`filler-${i}`, "messages:read");
  expect(await statusOf("POST", "/service-accounts", boss, body)).toBe("403 quota_exceeded");
  const [last] = await list();
  await send("DELETE", `/service-accounts/${last?.id}`, boss);
  expect(await statusOf("POST", "/service-accounts", boss, body)).toBe("201");
});

it("an admin is so by ADMIN_USERNAME or setRole, and no more from the moment the role is taken", async () => {
  const { setRole } = await import("./roles.ts");
  expect((await send("GET", "/me", boss)).data).toMatchObject({ role: "admin" });
  expect((await send("GET", "/me", person)).data).not.toHaveProperty("role");
  const database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  try {
    expect(await setRole(database, "PERSON", "admin")).toMatchObject({ isChanged: true });
    expect(await setRole(database, "person", "admin")).toMatchObject({ isChanged: false });
    expect(await statusOf("GET", "/service-accounts", person)).toBe("200");
    await setRole(database, "person", "user");
    expect(await statusOf("GET", "/service-accounts", person)).toBe("403 forbidden");
    expect(await setRole(database, "nobody", "admin")).toBeUndefined();
    expect(await setRole(database, "CI-bot", "admin")).toBeUndefined();
  } finally {
    await database.close();
  }
  const again = await auth.another({ ADMIN_USERNAME: "person" });
  expect(await statusOf("GET", "/service-accounts", person)).toBe("200");
  expect(again.logged.join("")).toContain('"role changed"');
  await again.close();
});

it("logs who made and revoked what, and no token", async () => {
  const log = auth.logged.join("");
  for (const what of [
    "service account made",
    "service account removed",
    "service token made",
    "service token revoked",
  ])
    expect(log).toContain(what);
  expect(log).toContain('"role changed"');
  expect(log).not.toContain("parley_");
});
