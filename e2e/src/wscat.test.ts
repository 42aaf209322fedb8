import { execFile, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { Parley, until } from "./parley.ts";

const run = promisify(execFile);
const wscat = createRequire(import.meta.url).resolve("wscat/bin/wscat");

const parley = await Parley.start({ rateLimits: "on" });
afterAll(() => parley.stop());

/** A wscat with its standard input open: it ends, having sent nothing, as soon as that ends. */
function openWscat(url: string) {
  const child = spawn(process.execPath, [wscat, "-c", url, "--no-color"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  return {
    type: (line: string) => child.stdin.write(`${line}\n`),
    printed: () => printed,
    end: () => child.kill(),
  };
}

const jsonLine = (printed: string, type: string) => {
  const line = printed.split("\n").find((one) => one.includes(`"type":"${type}"`));
  return line && JSON.parse(line.slice(line.indexOf("{")));
};

it("is used with curl and wscat as the README shows", async () => {
  const json = ["-s", "-X", "POST", "-H", "content-type: application/json", "-d"];
  const user = '{"username":"alice","password":"correct horse battery"}';
  const registered = await run("curl", [...json, user, `${parley.url("auth")}/api/v1/register`]);
  expect(JSON.parse(registered.stdout)).toMatchObject({ data: { username: "alice" } });
  const loggedIn = await run("curl", [...json, user, `${parley.url("auth")}/api/v1/login`]);
  const { token, expiresIn, user: who } = JSON.parse(loggedIn.stdout).data;
  expect(expiresIn).toBe(900);
  const listener = openWscat(`${parley.consumerSocket}?token=${token}&room=general`);
  const writer = openWscat(`${parley.producerSocket}?token=${token}`);
  try {
    await until("the listener is there", () => listener.printed().includes("caught_up"));
    await until("the writer is there", () => writer.printed().includes("hello"));
    writer.type('{"room":"general","body":"Hello, World!"}');
    await until("the ack", () => writer.printed().includes('"type":"ack"'));
    await until("the message", () => listener.printed().includes('"type":"message"'));
    expect(jsonLine(writer.printed(), "ack")).toMatchObject({
      room: "general",
      stored: "log",
      duplicate: false,
    });
    const message = jsonLine(listener.printed(), "message");
    expect(message).toMatchObject({
      seq: 1,
      body: "Hello, World!",
      author: { id: who.id, username: "alice" },
    });
    expect(Date.now() - Date.parse(message.at)).toBeLessThan(30_000);
  } finally {
    listener.end();
    writer.end();
  }
});
