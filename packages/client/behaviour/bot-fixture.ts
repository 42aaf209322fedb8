import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { postJson } from "@parley/devstack/accounts";
import { expect, it } from "vitest";
import { services } from "./running-fixture.ts";
import { textsOf, until, untilOnline } from "./stack-fixture.ts";

it("the example of a bot answers, and ends when it is told to", async () => {
  const account = { name: "ping-bot", scopes: ["messages:read", "messages:write"] };
  const { token: admin } = await services.admin();
  const made = await postJson(`${services.url.auth}/api/v1/service-accounts`, account, admin);
  const { auth, send, listen } = services.url;
  const env = { ...process.env, AUTH: auth, SEND: send, LISTEN: listen, ROOM: "bots" };
  const program = resolve(import.meta.dirname, "../../../examples/bot.ts");
  const child = spawn(process.execPath, [program], {
    env: { ...env, PARLEY_TOKEN: (made as { token: string }).token },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const parley = services.client(await services.person());
  const room = parley.rooms.get("bots");
  room.open();
  await untilOnline(parley);
  await until("the bot answers", async () => {
    if (room.timeline.value.items.length < 40) void room.send("ping");
    await new Promise((after) => setTimeout(after, 200));
    return textsOf(room).includes("pong");
  });
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});
