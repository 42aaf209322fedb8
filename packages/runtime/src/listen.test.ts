import { glob, readFile } from "node:fs/promises";
import { startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { expect, it } from "vitest";
import { listen } from "./listen.ts";
import { createLog } from "./log.ts";
import { connectNats } from "./nats.ts";

it("B: a handler that throws or rejects is reported, and ends neither its reader nor another one", async () => {
  const dataDir = await makeTempDir("listen");
  const server = await startNats({ dataDir });
  const nats = await connectNats({ url: server.url, name: "listen", log: createLog("listen", "silent") });
  const faults: string[] = [];
  const received: string[] = [];
  const onFault = (error: unknown, what: string) => void faults.push(`${what}: ${error}`);
  listen(
    nats,
    "a",
    (message) => {
      received.push(message.string());
      message.json();
    },
    onFault,
  );
  listen(nats, "b", async (message) => void message.json(), onFault);
  const stop = listen(nats, "c", (message) => void received.push(message.string()), onFault);
  for (const subject of ["a", "b", "c", "a", "c"]) nats.publish(subject, "{");
  await nats.flush();
  stop();
  nats.publish("c", "late");
  await nats.flush();
  expect(received).toEqual(["{", "{", "{", "{"]);
  expect(faults.map((fault) => fault.slice(0, 30)).sort()).toEqual([
    "message on a: SyntaxError: Exp",
    "message on a: SyntaxError: Exp",
    "message on b: SyntaxError: Exp",
  ]);
  await nats.close();
  await server.stop();
  await removeDataDir(dataDir);
});

it("every NATS subscription of packages and services is made by listen", async () => {
  const root = `${import.meta.dirname}/../../..`;
  const found: string[] = [];
  for await (const file of glob("{packages,services}/*/src/**/*.ts", { cwd: root })) {
    if (/(\.test|-fixture)\.ts$/.test(file)) continue;
    if (/\b(nats|live|connection)\.subscribe\(/.test(await readFile(`${root}/${file}`, "utf8")))
      found.push(file);
  }
  expect(found).toEqual(["packages/runtime/src/listen.ts"]);
});
