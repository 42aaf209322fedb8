import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuthFixture, call, refusalOf, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture();
});
afterAll(async () => await auth?.close());

const json = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${auth.url}${path}`, {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text === "" ? undefined : JSON.parse(text)) as never,
  };
};

const register = (username: string, password = PASSWORD, displayName = "") =>
  call(auth.client, auth.client.register, { username, password, displayName, clientAddress: "" });
const login = (username: string, password = PASSWORD) =>
  call(auth.client, auth.client.login, { username, password, device: "test", clientAddress: "" });
describe("over gRPC", () => {
  it("registers a user, logs in and verifies the token", async () => {
    const { user } = await register("alice", PASSWORD, "Alice A.");
    expect(user).toMatchObject({ username: "alice", displayName: "Alice A." });
    const session = await login("ALICE");
    expect(session).toMatchObject({ user, expiresInSeconds: 900 });
    const verified = await call(auth.client, auth.client.verifyToken, { token: session.token });
    expect(verified.user).toEqual(user);
    const lifeMs = (verified.expiresAt as Date).getTime() - Date.now();
    expect(lifeMs).toBeGreaterThan(880_000);
    expect(lifeMs).toBeLessThanOrEqual(900_000);
  });

  it("returns many users at once and leaves out unknown ids", async () => {
    const { user: one } = await register("find-one");
    const { user: two } = await register("find-two");
    const ids = [two?.id ?? "", "no id", crypto.randomUUID(), one?.id ?? "", "\0"];
    const { users } = await call(auth.client, auth.client.getUsers, { ids });
    expect(users).toEqual([one, two]);
    const many = Array.from({ length: 101 }, () => crypto.randomUUID());
    expect(await refusalOf(call(auth.client, auth.client.getUsers, { ids: many }))).toMatchObject({
      status: status.INVALID_ARGUMENT,
      code: "bad_frame",
    });
  });

  it("gives a username to one of twenty concurrent registrations, whatever its case", async () => {
    const tries = Array.from({ length: 20 }, (_, i) => register(i % 2 ? "Racer" : "rAcer"));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status: outcome }) => outcome === "fulfilled")).toHaveLength(1);
    expect(await refusalOf(register("RACER"))).toMatchObject({
      status: status.ALREADY_EXISTS,
      code: "username_taken",
      path: "/username",
    });
  });

  it.each([
    ["ab", PASSWORD, "", "/username"],
    ["a".repeat(33), PASSWORD, "", "/username"],
    ["with space", PASSWORD, "", "/username"],
    ["nul\0", PASSWORD, "", "/username"],
    ["алиса", PASSWORD, "", "/username"],
    ["short", "1234567", "", "/password"],
    ["long", "x".repeat(129), "", "/password"],
    ["blank", PASSWORD, "   ", "/displayName"],
    ["lines", PASSWORD, "two\nlines", "/displayName"],
    ["wide", PASSWORD, "x".repeat(65), "/displayName"],
  ])("refuses to register %j %j %j, naming %s", async (username, password, displayName, path) => {
    const answer = await refusalOf(register(username, password, displayName));
    expect(answer).toMatchObject({ status: status.INVALID_ARGUMENT, code: "bad_frame", path });
    expect(answer.message).not.toContain(password);
  });

  it("accepts passwords of 8 and of 128 characters, counted after NFKC, in any script", async () => {
    await register("eight", "12345 78");
    await register("most", "é".repeat(128));
    await register("script", "пароль-密码-🔑");
    await login("script", "пароль-密码-🔑");
    await register("wide-form", "ｗｉｄｅｒｗｏｒｄ");
    await login("wide-form", "widerword");
  });

  it("gives the same answer to an unknown username and a wrong password", async () => {
    await register("known");
    const wrong = await refusalOf(login("known", "wrong password"));
    expect(wrong).toMatchObject({ status: status.UNAUTHENTICATED, code: "unauthenticated" });
    expect(await refusalOf(login("unknown"))).toEqual(wrong);
    for (const name of ["", "-", "no name\0", "x".repeat(500)])
      expect(await refusalOf(login(name))).toEqual(wrong);
    expect(await refusalOf(login("known", ""))).toEqual(wrong);
    expect(await refusalOf(login("known", "x".repeat(50_000)))).toEqual(wrong);
  });
});

describe("over HTTP", () => {
  it("registers a user, logs in, and returns the own user and others", async () => {
    const registered = await json("/api/v1/register", { username: "harriet", password: PASSWORD });
    expect(registered.status).toBe(201);
    const { id } = (registered.body as { data: { id: string } }).data;
    const user = { id, username: "harriet", displayName: "harriet" };
    expect(registered.body).toEqual({ data: { ...user, user } });
    const answer = await json("/api/v1/login", { username: "harriet", password: PASSWORD });
    expect(answer).toMatchObject({ status: 200, body: { data: { expiresIn: 900, user } } });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const authorization = `Bearer ${(answer.body as { data: { token: string } }).data.token}`;
    expect((await json("/api/v1/me", undefined, { authorization })).body).toEqual({ data: user });
    const found = await json(`/api/v1/users?ids=${id},nobody`, undefined, { authorization });
    expect(found.body).toEqual({ data: [user] });
  });

  it.each([
    ["POST", "/api/v1/register", { username: "x", password: PASSWORD }, 400, "bad_frame"],
    ["POST", "/api/v1/register", { username: "numbers", password: 12_345_678 }, 400, "bad_frame"],
    ["POST", "/api/v1/register", { username: "weak", password: "weak" }, 400, "bad_frame"],
    [
      "POST",
      "/api/v1/register",
      { username: "nul", password: PASSWORD, displayName: "\0" },
      400,
      "bad_frame",
    ],
    ["POST", "/api/v1/login", { username: "nobody", password: PASSWORD }, 401, "unauthenticated"],
    ["POST", "/api/v1/login", {}, 400, "bad_frame"],
    ["POST", "/api/v1/login", { username: "nobody", password: "x".repeat(20_000) }, 413, "too_large"],
    ["GET", "/api/v1/me", undefined, 401, "unauthenticated"],
    ["GET", "/api/v1/users?ids=a", undefined, 401, "unauthenticated"],
    ["GET", "/api/v1/users", undefined, 401, "unauthenticated"],
  ])("%s %s %j is %i %s", async (_method, path, body, code, name) => {
    const answer = await json(path, body);
    expect(answer).toMatchObject({ status: code, body: { code: name, status: code } });
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
  });

  it("serves health, Swagger and the public keys", async () => {
    expect((await json("/health/ready")).body).toEqual({ status: "ready", service: "auth" });
    const detail = await (await fetch(`${auth.operatorsUrl}/health/detail`)).json();
    expect(detail).toMatchObject({ status: "ready", checks: { postgres: "ok", passwords: "ok" } });
    expect((await json("/metrics")).status).toBe(404);
    expect(await (await fetch(`${auth.operatorsUrl}/metrics`)).text()).toContain("process_cpu_seconds_total");
    const docs = (await json("/docs/json")).body as { openapi: string; paths: object };
    expect(docs.openapi).toBe("3.1.0");
    expect(Object.keys(docs.paths)).toEqual(expect.arrayContaining(["/api/v1/login", "/api/v1/register"]));
    const { keys } = (await json("/.well-known/jwks.json")).body as { keys: object[] };
    expect(keys).toEqual([
      {
        kty: "RSA",
        alg: "RS256",
        use: "sig",
        kid: expect.any(String),
        n: expect.any(String),
        e: "AQAB",
      },
    ]);
  });
});

it("creates one key when several instances start at once, and each accepts the others' tokens", async () => {
  const others = await Promise.all([auth.another(), auth.another(), auth.another()]);
  try {
    await register("traveller");
    const { token } = await login("traveller");
    for (const { client } of others) {
      const verified = await call(client, client.verifyToken, { token });
      expect(verified.user?.username).toBe("traveller");
    }
  } finally {
    for (const other of others) await other.close();
  }
});
