import { readFile } from "node:fs/promises";
import { logIn } from "@parley/devstack/accounts";
import { loadDotEnv, ownEnvironment, SettingError } from "@parley/devstack/environment";
import { runMain, say } from "@parley/devstack/terminal";
import { httpUrlOf } from "./addresses.ts";
import { demoUsersFile } from "./demo-users.ts";
import { stackOptionsFrom } from "./settings.ts";

// `token.ts alice`: logs a demo user of the running stack in, and prints the access token and nothing else.
await runMain("make token", async () => {
  loadDotEnv();
  const env = ownEnvironment();
  const { dataDir } = stackOptionsFrom(env);
  const text = await readFile(demoUsersFile(dataDir), "utf8").catch(() => "[]");
  const users = JSON.parse(text) as { username: string; password: string }[];
  const user = users.find(({ username }) => username === process.argv[2]);
  const names = users.map(({ username }) => username).join(", ") || "none yet: make start";
  if (user === undefined) throw new SettingError("NO_SUCH_USER", `NAME is one of the demo users (${names})`);
  say((await logIn(`${httpUrlOf("auth", env)}`, user)).token);
  return 0;
});
