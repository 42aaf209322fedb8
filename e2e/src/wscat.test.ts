import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { runCommand } from "@parley/devstack/run-command";
import { afterAll, expect, it, onTestFinished, vi } from "vitest";
import { Parley } from "./parley.ts";

const wscat = createRequire(import.meta.url).resolve("wscat/bin/wscat");

const parley = await Parley.start({ rateLimits: "on" });
afterAll(() => parley.stop());

/** A wscat with its standard input open: it ends, having sent nothing, as soon as that ends. */
function openWscat(url: string) {
  const stdio = ["pipe", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, [wscat, "-c", url, "--no-color"], { stdio: [...stdio] });
  onTestFinished(() => void child.kill());
  let printed = "";
  child.stdout?.on("data", (text) => {
    printed += text;
  });
  const find = (type: string) => {
    const line = printed.split("\n").find((one) => one.includes(`"type":"${type}"`)) ?? "";
    return JSON.parse(line.slice(line.indexOf("{")));
  };
  return {
    type: (line: string) => child.stdin?.write(`${line}\n`),
    /** The frame of that type that it printed or prints. */
    frame: (type: string) => vi.waitFor(() => find(type), { timeout: 30_000, interval: 50 }),
  };
}

it("is used with curl and wscat as the README shows", async () => {
  const post = async (path: string, body: string) => {
    const json = ["-s", "-X", "POST", "-H", "content-type: application/json", "-d", body];
    const { stdout } = await runCommand("curl", [...json, `${parley.url("auth")}/api/v1/${path}`]);
    return JSON.parse(stdout).data;
  };
  const user = '{"username":"alice","password":"correct horse battery"}';
  expect(await post("register", user)).toMatchObject({ username: "alice" });
  const { token, expiresIn, user: who } = await post("login", user);
  expect(expiresIn).toBe(900);
  const listener = openWscat(`${parley.consumerSocket}?token=${token}&room=general`);
  await listener.frame("caught_up");
  const writer = openWscat(`${parley.producerSocket}?token=${token}`);
  await writer.frame("hello");
  writer.type('{"room":"general","body":"Hello, World!"}');
  expect(await writer.frame("ack")).toMatchObject({ room: "general", stored: "log", duplicate: false });
  const message = await listener.frame("message");
  const author = { id: who.id, username: "alice" };
  expect(message).toMatchObject({ seq: 1, body: "Hello, World!", author });
  expect(Date.now() - Date.parse(message.at)).toBeLessThan(30_000);
});
