import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
const ORIGIN = "http://localhost:8083";
let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture();
  for (const name of ["alice", "bella", "carla"]) await auth.calls.enroll(name, PASSWORD);
});
afterAll(async () => await auth?.close());

type Data = {
  data: { token: string; refreshToken?: string; user: object; revokedSessions?: number } & { id: string }[];
  code?: string;
};

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${auth.url}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const [cookie = ""] = answer.headers.getSetCookie();
  return { status: answer.status, cookie, headers: answer.headers, ...((await answer.json()) as Data) };
}

const login = (username: string, more: object = {}) =>
  send("POST", "/api/v1/login", { username, password: PASSWORD, ...more });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const pairOf = (cookie: string) => ({ cookie: cookie.split(";")[0] ?? "" });

it("refreshes with the token in the body", async () => {
  const first = await login("alice");
  expect(first.data).toEqual({
    token: expect.any(String),
    refreshToken: expect.any(String),
    expiresIn: 900,
    user: { id: expect.any(String), username: "alice", displayName: "alice" },
  });
  const second = await send("POST", "/api/v1/refresh", { refreshToken: first.data.refreshToken });
  expect(second.data).toMatchObject({ expiresIn: 900, user: first.data.user });
  expect(second.data.refreshToken).not.toBe(first.data.refreshToken);
  expect((await send("GET", "/api/v1/me", undefined, bearer(second.data.token))).status).toBe(200);
});

it("C: the refresh cookie is for the path under which an edge serves auth", async () => {
  const behind = await auth.another({ PUBLIC_PREFIX: "/auth" });
  for (const prefix of ["", "/auth"]) {
    const answer = await fetch(`${behind.url}${prefix}/api/v1/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "alice", password: PASSWORD }),
    });
    expect(answer.headers.getSetCookie()[0]).toContain("Path=/auth/api/v1;");
  }
  await behind.close();
});

it("gives browsers the refresh token in a cookie that scripts and other sites cannot read", async () => {
  const first = await login("alice", { cookieOnly: true });
  expect(first.data.refreshToken).toBeUndefined();
  for (const part of ["HttpOnly", "SameSite=Strict", "Path=/api/v1"]) expect(first.cookie).toContain(part);
  const second = await send("POST", "/api/v1/refresh", undefined, pairOf(first.cookie));
  expect(second.status).toBe(200);
  expect(second.data.refreshToken).toBeUndefined();
  expect(pairOf(second.cookie)).not.toEqual(pairOf(first.cookie));
  const out = await send("POST", "/api/v1/logout", undefined, pairOf(second.cookie));
  expect(out).toMatchObject({ status: 200, data: { loggedOut: true } });
  expect(out.cookie).toContain("parley_refresh=;");
  expect(await send("POST", "/api/v1/refresh", undefined, pairOf(second.cookie))).toMatchObject({
    status: 401,
    code: "session_revoked",
  });
});

it("sends CORS headers with credentials to allowed origins only", async () => {
  const asked = async (origin: string) =>
    (await send("POST", "/api/v1/login", { username: "alice", password: PASSWORD }, { origin })).headers;
  const allowed = await asked(ORIGIN);
  expect(allowed.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(allowed.get("access-control-allow-credentials")).toBe("true");
  expect((await asked("http://evil.example")).get("access-control-allow-origin")).toBeNull();
});

it("lists and revokes sessions, changes display name and password", async () => {
  const first = await login("bella");
  const second = await login("bella");
  const listed = await send("GET", "/api/v1/sessions", undefined, bearer(first.data.token));
  expect(listed.data).toMatchObject([{ isCurrent: false }, { isCurrent: true }]);
  const ended = await send(
    "DELETE",
    `/api/v1/sessions/${listed.data[0]?.id}`,
    undefined,
    bearer(first.data.token),
  );
  expect(ended).toMatchObject({ status: 200, data: { revoked: true } });
  expect(await send("GET", "/api/v1/me", undefined, bearer(second.data.token))).toMatchObject({
    status: 401,
    code: "session_revoked",
  });
  const again = await send(
    "DELETE",
    `/api/v1/sessions/${listed.data[0]?.id}`,
    undefined,
    bearer(first.data.token),
  );
  expect(again).toMatchObject({ status: 404, code: "session_not_found" });
  expect(await send("PATCH", "/api/v1/me", {}, bearer(first.data.token))).toMatchObject({
    status: 400,
    code: "bad_frame",
  });
  const renamed = await send("PATCH", "/api/v1/me", { displayName: "Bella B." }, bearer(first.data.token));
  expect(renamed).toMatchObject({ status: 200, data: { displayName: "Bella B." } });
  await login("bella");
  const change = (oldPassword: string) =>
    send(
      "PUT",
      "/api/v1/me/password",
      { oldPassword, newPassword: "another password" },
      bearer(first.data.token),
    );
  expect(await change("wrong password")).toMatchObject({ status: 403, code: "wrong_password" });
  expect(await change(PASSWORD)).toMatchObject({ status: 200, data: { revokedSessions: 1 } });
  expect(await login("bella")).toMatchObject({ status: 401, code: "unauthenticated" });
});

it.each([
  ["POST", "/api/v1/refresh", undefined, 401, "unauthenticated"],
  ["POST", "/api/v1/refresh", { refreshToken: "no token" }, 401, "unauthenticated"],
  ["POST", "/api/v1/refresh", { refreshToken: 5 }, 400, "bad_frame"],
  ["POST", "/api/v1/logout", undefined, 401, "unauthenticated"],
  ["GET", "/api/v1/sessions", undefined, 401, "unauthenticated"],
  ["DELETE", "/api/v1/sessions/x", undefined, 401, "unauthenticated"],
  ["PATCH", "/api/v1/me", { displayName: "x" }, 401, "unauthenticated"],
  ["PATCH", "/api/v1/me", {}, 401, "unauthenticated"],
  ["PUT", "/api/v1/me/password", { oldPassword: "x", newPassword: "y" }, 401, "unauthenticated"],
])("%s %s %j is %i %s", async (method, path, body, code, name) => {
  expect(await send(method, path, body)).toMatchObject({ status: code, code: name });
});
