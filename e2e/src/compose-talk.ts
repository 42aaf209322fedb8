import { deepStrictEqual, equal } from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { Listener } from "@parley/bench/chaos/listener";
import { entryOf, readHistory } from "@parley/bench/chaos/read-history";
import { Sender } from "@parley/bench/chaos/sender";
import { logIn } from "@parley/devstack/accounts";
import { say } from "@parley/devstack/terminal";
import { sleep } from "@parley/runtime/deadline";

/**
 * `node compose-talk.ts talk FILE`: alice posts until SIGTERM while bob listens, both reconnect whenever they must; then
 * everything sent must have been acknowledged, have reached bob once and in order, and be in history. FILE keeps it.
 * `node compose-talk.ts check FILE`: history still has all of it. For deploy/podman/try.sh.
 */
const PAUSE_MS = 100;
const END_DEADLINE_MS = 60_000;
const ROOM = "compose";

const [command, file = ""] = process.argv.slice(2);
const address = (variable: string) => `127.0.0.1:${process.env[variable]}`;
const logInAs = (username: string) =>
  logIn(`http://${address("AUTH_HTTP_PORT")}`, { username, password: `correct horse ${username}` });

async function talk(): Promise<void> {
  let isEnding = false;
  process.once("SIGTERM", () => {
    isEnding = true;
  });
  const listener = new Listener(`ws://${address("CONSUMER_HTTP_PORT")}/ws`, await logInAs("bob"), [ROOM]);
  const sender = new Sender(`ws://${address("PRODUCER_HTTP_PORT")}/ws`, await logInAs("alice"));
  const ackMs: number[] = [];
  while (!isEnding) {
    const sentAt = performance.now();
    const id = `m${sender.sent.length}`;
    void sender.send(ROOM, id, `this is ${id}`).then(({ at }) => ackMs.push(at - sentAt));
    await sleep(PAUSE_MS);
  }
  const deadline = performance.now() + END_DEADLINE_MS;
  const isOver = () => sender.unanswered === 0 && listener.received(ROOM).length >= sender.sent.length;
  while (!isOver() && performance.now() < deadline) await sleep(50);
  for (const client of [sender, listener]) client.close();
  ackMs.sort((a, b) => a - b);
  const share = (part: number) => `${(ackMs[Math.floor(ackMs.length * part)] ?? 0).toFixed(1)} ms`;
  say(`${sender.sent.length} sent; acks: median ${share(0.5)}, 90 % ${share(0.9)}`);
  say(`sockets: ${sender.connects}, ${listener.connects}; refusals: ${JSON.stringify(sender.refusals)}`);
  equal(ackMs.length, sender.sent.length, "every message is acknowledged in the end");
  const heard = listener.received(ROOM).map(({ connection: _connection, ...entry }) => entry);
  deepStrictEqual(
    heard.map(({ seq }) => seq),
    heard.map((_, i) => i + 1),
    "bob received 1, 2, 3 … each once",
  );
  const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id).sort();
  deepStrictEqual(ids(heard), ids(sender.sent), "bob received what was acknowledged, once");
  await writeFile(file, JSON.stringify(heard));
}

if (command === "talk") await talk();
else if (command !== "check") throw new Error("usage: compose-talk.ts talk|check FILE");
const { token } = await logInAs("alice");
const history = await readHistory(`http://${address("CONSUMER_HTTP_PORT")}`, token, ROOM);
deepStrictEqual(
  history.map(entryOf),
  JSON.parse(await readFile(file, "utf8")),
  "history is what bob received",
);
say(`history: ${history.length} messages, each acknowledged one once`);
process.exit(0);
