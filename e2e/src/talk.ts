import { deepStrictEqual, equal } from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { Listener } from "@parley/bench/chaos/listener";
import { entryOf, readHistory } from "@parley/bench/chaos/read-history";
import { Sender } from "@parley/bench/chaos/sender";
import { openAccount } from "@parley/devstack/accounts";
import { withConnection } from "@parley/devstack/database";
import { loadDotEnv } from "@parley/devstack/environment";
import { runMain, say, timedProgress, untilInterrupted } from "@parley/devstack/terminal";
import { sleep } from "@parley/runtime/deadline";
import { Parley } from "./parley.ts";

/**
 * Alice posts while bob listens; both reconnect whenever they must. Then every message must have been acknowledged,
 * have reached bob once and in order, and be in history.
 *
 * - `node talk.ts demo`: on a stack of its own, for a few messages (`make demo`).
 * - `node talk.ts talk FILE`: on the ports of the environment, until SIGTERM; FILE keeps what bob received.
 * - `node talk.ts check FILE`: history still has all of FILE.
 */
const PAUSE_MS = 100;
const END_DEADLINE_MS = 60_000;
const ROOM = "general";
const DEMO_MESSAGES = 10;

type Addresses = Readonly<{ auth: string; producer: string; consumer: string }>;

const socketAt = (url: string) => `${url.replace("http", "ws")}/ws`;
const accountOf = ({ auth }: Addresses, username: string) =>
  openAccount(auth, { username, password: `correct horse ${username}` });

async function talk(at: Addresses, isOver: (sent: number) => boolean): Promise<object[]> {
  const [alice, bob] = await Promise.all([accountOf(at, "alice"), accountOf(at, "bob")]);
  say("alice and bob are registered and logged in");
  const listener = new Listener(socketAt(at.consumer), bob, [ROOM]);
  const sender = new Sender(socketAt(at.producer), alice);
  const ackMs: number[] = [];
  while (!isOver(sender.sent.length)) {
    const sentAt = performance.now();
    const id = `m${sender.sent.length}`;
    void sender.send(ROOM, id, `this is ${id}`).then((ack) => ackMs.push(ack.at - sentAt));
    await sleep(PAUSE_MS);
  }
  const deadline = performance.now() + END_DEADLINE_MS;
  const isDone = () => sender.unanswered === 0 && listener.received(ROOM).length >= sender.sent.length;
  while (!isDone() && performance.now() < deadline) await sleep(50);
  for (const client of [sender, listener]) client.close();
  ackMs.sort((a, b) => a - b);
  const share = (part: number) => `${(ackMs[Math.floor(ackMs.length * part)] ?? 0).toFixed(1)} ms`;
  say(`${sender.sent.length} sent; acks: median ${share(0.5)}, 90 % ${share(0.9)}`);
  say(`sockets: ${sender.connects}, ${listener.connects}; refusals: ${JSON.stringify(sender.refusals)}`);
  equal(ackMs.length, sender.sent.length, "every message is acknowledged");
  const received = listener.received(ROOM).map(({ connection: _connection, ...entry }) => entry);
  const seqs = received.map(({ seq }) => seq);
  deepStrictEqual(
    seqs,
    seqs.map((_, i) => i + 1),
    "bob received 1, 2, 3 … each once",
  );
  const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id).sort();
  deepStrictEqual(ids(received), ids(sender.sent), "bob received what was acknowledged, once");
  return received;
}

async function checkHistory(at: Addresses, received: readonly object[]): Promise<void> {
  const { token } = await accountOf(at, "alice");
  const history = await readHistory(at.consumer, token, ROOM);
  deepStrictEqual(history.map(entryOf), received, "history is what bob received");
  say(`history: ${history.length} messages, each acknowledged one once`);
}

async function demo(): Promise<void> {
  await using parley = await Parley.start({ rateLimits: "on", onProgress: timedProgress() });
  const { auth, "ws-producer": producer, "ws-consumer": consumer } = parley.stack.urls;
  const at = { auth, producer, consumer } as Addresses;
  const received = await untilInterrupted(talk(at, (sent) => sent >= DEMO_MESSAGES));
  await checkHistory(at, received);
  await withConnection(parley.stack.databaseUrl, async (sql) => {
    for (const row of await sql`select * from chat.entries order by seq limit 3`) say(JSON.stringify(row));
  });
  say("demo: every check passed");
}

async function main([command, file = ""]: readonly string[]): Promise<number> {
  loadDotEnv();
  if (command === "demo") {
    await demo();
    return 0;
  }
  const address = (variable: string) => `http://127.0.0.1:${process.env[variable]}`;
  const [auth, producer] = [address("AUTH_HTTP_PORT"), address("PRODUCER_HTTP_PORT")];
  const at = { auth, producer, consumer: address("CONSUMER_HTTP_PORT") };
  let isEnding = false;
  process.once("SIGTERM", () => {
    isEnding = true;
  });
  if (command === "talk") await writeFile(file, JSON.stringify(await talk(at, () => isEnding)));
  await checkHistory(at, JSON.parse(await readFile(file, "utf8")));
  return 0;
}

await runMain("talk", () => main(process.argv.slice(2)));
