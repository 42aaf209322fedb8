import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as account from "./account.ts";
import * as admin from "./admin.ts";
import * as client from "./index.ts";
import * as indexeddb from "./indexeddb.ts";
import * as invitations from "./invitations.ts";
import * as tabs from "./tabs.ts";
import * as testing from "./testing.ts";

const DOCUMENTS = ["packages/client/README.md", "docs/from-other-libraries.md"];

/** The modules that examples import; their clients talk to a server in memory. */
function modulesOf(server: testing.TestServer): Record<string, object> {
  const { WebSocket, fetch } = server.options;
  const createParley = (options: client.Options) =>
    client.createParley({ WebSocket: WebSocket as never, fetch: fetch as never, ...twinUrl(options) });
  return {
    "@parley/client": { ...client, createParley },
    "@parley/client/account": account,
    "@parley/client/admin": admin,
    "@parley/client/invitations": invitations,
    "@parley/client/indexeddb": indexeddb,
    "@parley/client/tabs": tabs,
    "@parley/client/testing": testing,
  };
}

/** The twin tells the two services apart by their paths. */
function twinUrl(options: client.Options): client.Options {
  return typeof options.url === "string" ? options : { ...options, url: "http://twin.test" };
}

async function run(code: string): Promise<string[]> {
  const server = new testing.TestServer();
  setTimeout(() => server.post("general", "carol", "ping"), 100);
  const output: string[] = [];
  const body = code.replace(/import (\{.*\}) from ("[^"]+");/g, "const $1 = modules[$2];");
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  const example = new AsyncFunction("modules", "process", "console", body);
  const env = { PARLEY_TOKEN: server.token("bot") };
  await example(modulesOf(server), { env }, { log: (...words: unknown[]) => output.push(words.join(" ")) });
  return output;
}

for (const path of DOCUMENTS) {
  const text = readFileSync(join(import.meta.dirname, "../../..", path), "utf8");
  for (const { index, 1: code = "" } of text.matchAll(/```js\n([\s\S]*?)```/g))
    it(`the example of ${path}:${text.slice(0, index).split("\n").length + 1} runs`, async () => {
      const output = await run(code);
      for (const [, expected = ""] of code.matchAll(/console\.log\([^\n]*\); \/\/ ([\w -]+)$/gm))
        if (!/,| or /.test(expected)) expect(output).toContain(expected);
    });
}
