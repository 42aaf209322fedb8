import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";
import { readAuthConfig } from "./config.ts";

const PASSWORD = "correct horse battery";
const [GOOD, STALE, LOST] = ["G", "S", "L"].map((letter) => letter.repeat(26)) as [string, string, string];
let invited: AuthFixture;
let closed: AuthFixture;
let database: Database;
beforeAll(async () => {
  invited = await startAuthFixture({ REGISTRATION: "invite" });
  closed = await invited.another({ REGISTRATION: "closed" });
  // One connection, so that `set role` holds for what comes after it.
  database = openDatabase({ url: invited.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  for (const statement of [
    "insert into chat.rooms (id, kind, head, created_at, last_at) values ('Groom', 'group', 0, now(), now())",
    `insert into chat.members (room, user_id, username, role, changed)
     values ('Groom', 'u1', 'alice', 'admin', 1), ('Groom', 'u2', 'bob', 'member', 2),
            ('Groom', 'u3', 'carol', 'owner', 3)`,
    `insert into chat.invite_codes (code, room, created_by, created_by_username, expires_at)
     values ('${GOOD}', 'Groom', 'u1', 'alice', now() + interval '1 day'),
            ('${LOST}', 'Groom', 'u2', 'bob', now() + interval '1 day'),
            ('${STALE}', 'Groom', 'u3', 'carol', now() - interval '1 s')`,
  ])
    await database.query(statement);
});
afterAll(async () => {
  await database?.close();
  await closed?.close();
  await invited?.close();
});

let people = 0;
async function register({ url }: AuthFixture, invite?: string) {
  people += 1;
  const answer = await fetch(`${url}/api/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      username: `person${people}`,
      password: PASSWORD,
      ...(invite !== undefined && { invite }),
    }),
  });
  return { status: answer.status, ...((await answer.json()) as { code?: string; path?: string }) };
}
const modeOf = async ({ url }: AuthFixture) => await (await fetch(`${url}/api/v1/registration`)).json();

it("says who may register before anybody has signed in", async () => {
  expect(await modeOf(invited)).toEqual({ data: { mode: "invite" } });
  expect(await modeOf(closed)).toEqual({ data: { mode: "closed" } });
});

it("by invitation, needs the code of a link whose maker may still invite", async () => {
  const invalid = { status: 403, code: "invite_invalid", path: "/invite" };
  for (const code of [undefined, "", "x", "0".repeat(26), STALE, LOST, `${GOOD}' or true --`])
    expect([code, await register(invited, code)]).toMatchObject([code, invalid]);
  for (let i = 0; i < 2; i += 1) expect(await register(invited, GOOD)).toMatchObject({ status: 201 });
  const account = { username: "byGrpc", password: PASSWORD, displayName: "", clientAddress: "" };
  expect((await refusalOf(invited.calls.register({ ...account, invite: STALE }))).code).toBe(
    "invite_invalid",
  );
  expect((await invited.calls.register({ ...account, invite: GOOD })).user).toMatchObject({
    username: "byGrpc",
  });
  await database.query("update chat.rooms set deleted_at = now() where id = 'Groom'");
  expect(await register(invited, GOOD)).toMatchObject(invalid);
  await database.query("update chat.rooms set deleted_at = null where id = 'Groom'");
});

it("refuses everybody where it is closed, and lets who is registered in", async () => {
  expect(await register(closed, GOOD)).toMatchObject({ status: 403, code: "registration_closed" });
  expect((await closed.calls.enter("byGrpc", PASSWORD)).user).toMatchObject({ username: "byGrpc" });
});

it("auth may ask for a code, and sees nothing else of what ws-consumer stores", async () => {
  const denied = { code: "42501" };
  await database.query("set role parley_auth");
  expect(await database.query("select auth.is_invite_code($1) as yes", [GOOD])).toEqual([{ yes: true }]);
  await expect(database.query("select code from chat.invite_codes")).rejects.toMatchObject(denied);
  await database.query("reset role");
  await database.query("set role parley_consumer");
  await expect(database.query("select auth.is_invite_code($1)", [GOOD])).rejects.toMatchObject(denied);
  await database.query("reset role");
});

it.each(["admin", "a b", "x", "deleted-1"])("ADMIN_USERNAME=%s is refused", (name) => {
  expect(() => readAuthConfig({ ADMIN_USERNAME: name })).toThrow(/ADMIN_USERNAME/);
});
