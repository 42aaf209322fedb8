import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { findFreePort } from "@parley/devstack/ports";
import { expect, it } from "vitest";
import { accountOf } from "../src/account.ts";
import { adminOf } from "../src/admin.ts";
import { services } from "./running-fixture.ts";
import { textsOf, until, untilOnline } from "./stack-fixture.ts";

it("an admin makes, lists and revokes service accounts; somebody else does not", async () => {
  const admin = services.client(await services.admin());
  expect(await accountOf(admin).me()).toMatchObject({ role: "admin" });
  const { serviceAccounts } = adminOf(admin);
  const made = await serviceAccounts.create({ name: "two-tokens", scopes: ["messages:read"] });
  expect(made).toMatchObject({
    name: "two-tokens",
    scopes: ["messages:read"],
    tokens: [{ expiresAt: null }],
  });
  const more = await serviceAccounts.addToken(made.id, { expiresInDays: 1 });
  const mine = async () => (await serviceAccounts.list()).find(({ id }) => id === made.id)?.tokens;
  expect(await mine()).toHaveLength(2);
  await serviceAccounts.revokeToken(made.id, more.id);
  expect(await mine()).toHaveLength(1);
  const refused = services.client(more).request("GET", "/rooms");
  await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/unauthenticated|signed_out/) });
  expect((await services.client(made).rooms.list()).items).toEqual([]);
  await serviceAccounts.revoke(made.id);
  const missing = { code: "service_account_not_found" };
  await expect(serviceAccounts.addToken("00000000-0000-7000-8000-000000000000")).rejects.toMatchObject(
    missing,
  );
  const person = services.client(await services.person());
  await expect(adminOf(person).serviceAccounts.list()).rejects.toMatchObject({ code: "forbidden" });
  expect(await accountOf(person).registration()).toBe("open");
});

it("the example of an application with users of its own gives each of them a token of one user of Parley", async () => {
  const { serviceAccounts } = adminOf(services.client(await services.admin()));
  const account = await serviceAccounts.create({ name: "application", scopes: ["tokens:issue"] });
  const port = await findFreePort("127.0.0.1");
  const { auth, send, listen } = services.url;
  const env = { ...process.env, AUTH: auth, SEND: send, LISTEN: listen, PORT: String(port) };
  const program = resolve(import.meta.dirname, "../../../examples/own-users.ts");
  const child = spawn(process.execPath, [program], {
    env: { ...env, PARLEY_TOKEN: account.token },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ask = (cookie: string) => fetch(`http://127.0.0.1:${port}/token`, { headers: { cookie } });
  const status = (cookie: string) =>
    ask(cookie).then(
      (answer) => answer.status,
      () => 0,
    );
  await until("the application answers", async () => (await status("")) === 401);
  const clientOf = (user: string) =>
    services.client(
      { token: "" },
      { auth: async () => ((await (await ask(`user=${user}`)).json()) as { token: string }).token },
    );
  const [ann, phone, ben] = ["ann", "ann", "ben"].map(clientOf) as [
    ReturnType<typeof clientOf>,
    ReturnType<typeof clientOf>,
    ReturnType<typeof clientOf>,
  ];
  const room = ann.rooms.get("application");
  room.open();
  for (const one of [phone, ben]) one.connect();
  for (const one of [ann, phone, ben]) await untilOnline(one);
  await ben.rooms.get("application").send("Hello, Ann");
  await until("Ann hears Ben", () => textsOf(room).includes("Hello, Ann"));
  const ids = [ann, phone, ben].map(({ session }) => session.user.value?.id);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).not.toBe(ids[2]);
  const profiles = await accountOf(ann).users([String(ids[2])]);
  expect(profiles).toMatchObject([{ displayName: "User ben" }]);
  await serviceAccounts.revoke(account.id);
  await until("no more tokens", async () => (await status("user=ann")) === 503);
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});
