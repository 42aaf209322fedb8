import { postJson } from "@parley/devstack/accounts";
import { openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
let auth: AuthFixture;
const issuers: string[] = [];
beforeAll(async () => {
  auth = await startAuthFixture({ ADMIN_USERNAME: "boss" });
  await auth.calls.enroll("boss", PASSWORD);
  const { token } = await auth.calls.enter("boss", PASSWORD);
  for (const name of ["shop", "forum"]) {
    const account = { name, scopes: ["tokens:issue"] };
    const made = await postJson(`${auth.url}/api/v1/service-accounts`, account, token);
    issuers.push((made as { token: string }).token);
  }
});
afterAll(async () => await auth?.close());

type Issued = Readonly<{
  token: string;
  expiresIn: number;
  user: Readonly<{ id: string; username: string; displayName: string }>;
}>;

async function post<T>(path: string, token: string, body?: object) {
  const answer = await fetch(`${auth.url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, ...((await answer.json()) as { data: T; code?: string; path?: string }) };
}
const issue = (body: object, issuer = 0) => post<Issued>("/service/tokens", issuers[issuer] ?? "", body);
const sessionOf = async ({ token }: Issued) => (await auth.calls.verifyToken({ token })).sessionId;

it("makes an application's user, and knows it again; another display name renames", async () => {
  const first = await issue({ externalId: "customer-42", displayName: " Ann " });
  expect(first).toMatchObject({ status: 200, data: { expiresIn: 900, user: { displayName: "Ann" } } });
  const { user } = first.data;
  expect(user.username).toMatch(/^app-[0-9a-f]{24}$/);
  expect(user.username.slice(4)).toBe(user.id.replaceAll("-", "").slice(0, 24));
  expect(first.data).not.toHaveProperty("refreshToken");
  const verified = await auth.calls.verifyToken({ token: first.data.token });
  expect(verified).toMatchObject({ user });
  expect(verified.serviceToken).toBeUndefined();
  const same = await issue({ externalId: "customer-42" }, 1);
  expect(same.data.user).toEqual(user);
  const renamed = await issue({ externalId: "customer-42", displayName: "Ann B." });
  expect(renamed.data.user).toEqual({ ...user, displayName: "Ann B." });
  expect((await issue({ externalId: "Customer-42" })).data.user.id).not.toBe(user.id);
  expect(await sessionOf(renamed.data)).toBe(verified.sessionId);
  expect(await sessionOf(first.data)).toBe(verified.sessionId);
});

it("makes one user and one session of many calls at once", async () => {
  const all = await Promise.all(Array.from({ length: 12 }, (_, i) => issue({ externalId: "racer" }, i % 2)));
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
  expect(new Set(all.map(({ data }) => data.user.id)).size).toBe(1);
  expect(new Set(await Promise.all(all.map(({ data }) => sessionOf(data)))).size).toBe(1);
});

it("a session that was ended stays so; the next token is of another one", async () => {
  const { data } = await issue({ externalId: "leaver" });
  const before = await sessionOf(data);
  expect((await post("/logout", data.token)).status).toBe(200);
  expect((await refusalOf(auth.calls.verifyToken({ token: data.token }))).code).toBe("session_revoked");
  const next = await issue({ externalId: "leaver" });
  expect(next.data.user).toEqual(data.user);
  expect(await sessionOf(next.data)).not.toBe(before);
});

it("lets nobody in by a password, and nobody register such a name", async () => {
  const { data } = await issue({ externalId: "locked" });
  const { username } = data.user;
  for (const password of ["", PASSWORD])
    expect((await refusalOf(auth.calls.enter(username, password))).code).toBe("unauthenticated");
  const change = { token: data.token, oldPassword: "", newPassword: PASSWORD, clientAddress: "" };
  expect((await refusalOf(auth.calls.changePassword(change))).code).toBe("wrong_password");
  expect((await refusalOf(auth.calls.enroll(`app-${"0".repeat(24)}`, PASSWORD))).code).toBe("bad_frame");
  const database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  const promote = database.query("update auth.users set role = 'admin' where username = $1", [username]);
  await expect(promote).rejects.toMatchObject({ code: "23514" });
  await database.close();
});

it.each([
  [{}, "/externalId"],
  [{ externalId: "" }, "/externalId"],
  [{ externalId: "x".repeat(129) }, "/externalId"],
  [{ externalId: "a\nb" }, "/externalId"],
  [{ externalId: "a", displayName: " " }, "/displayName"],
])("refuses %j", async (body, path) => {
  expect(await issue(body)).toMatchObject({ status: 400, code: "bad_frame", path });
});
