import { deepStrictEqual, equal } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { openFrames } from "./demo-socket.ts";
import { enterDemoUser } from "./demo-users.ts";
import { loadDotEnv } from "./dot-env.ts";
import { type Stack, startStack } from "./stack.ts";
import { makeTempDir, removeDataDir } from "./temp-dir.ts";
import { errorText, say, timedProgress, untilAskedToEnd } from "./terminal.ts";

const LINES = ["Hello, World!", "Hi! Is this thing durable?", "Every word of it."];

/** `make demo`: a stack of its own, two people, a conversation, all of it checked. */
async function main(): Promise<number> {
  loadDotEnv();
  const progress = timedProgress();
  const dataDir = await makeTempDir("demo");
  const abort = new AbortController();
  const stopped = untilAskedToEnd().then((signal) => {
    const reason = new Error(`ended by ${signal}`);
    abort.abort(reason);
    throw reason;
  });
  stopped.catch(() => undefined);
  let stack: Stack | undefined;
  try {
    stack = await startStack({
      dataDir,
      services: ["auth", "ws-producer", "ws-consumer"],
      onProgress: progress,
      signal: abort.signal,
    });
    await Promise.race([talk(stack, progress), stopped]);
    progress("demo: everything is as promised");
    return 0;
  } catch (error) {
    process.stderr.write(`\nmake demo: ${errorText(error)}\n`);
    return 1;
  } finally {
    await stack?.stop();
    await removeDataDir(dataDir);
  }
}

async function talk(stack: Stack, progress: (line: string) => void): Promise<void> {
  const { auth = "", "ws-producer": producer = "", "ws-consumer": consumer = "" } = stack.urls;
  const password = () => randomBytes(12).toString("base64url");
  const alice = await enterDemoUser(auth, { username: "alice", password: password() });
  const bob = await enterDemoUser(auth, { username: "bob", password: password() });
  progress("alice and bob are registered and logged in");
  const socketUrl = (url: string) => `${url.replace(/^http/, "ws")}/ws`;
  const open = (url: string, token: string) => openFrames(socketUrl(url), token);
  const [aliceIn, bobIn] = [await open(producer, alice.token), await open(producer, bob.token)];
  const [aliceOut, bobOut] = [await open(consumer, alice.token), await open(consumer, bob.token)];
  try {
    for (const listener of [aliceOut, bobOut]) {
      listener.send({ type: "subscribe", room: "general", after: 0 });
      await listener.next("subscribed");
    }
    for (const [index, body] of LINES.entries()) {
      const writer = index % 2 === 0 ? aliceIn : bobIn;
      const startedAt = performance.now();
      writer.send({ type: "message", id: `demo-${index}`, room: "general", body });
      const ack = await writer.next("ack");
      equal(ack.id, `demo-${index}`, "the ack carries the id of the message");
      const ackMs = performance.now() - startedAt;
      for (const listener of [aliceOut, bobOut]) {
        const message = await listener.next("message");
        deepStrictEqual([message.seq, message.body], [index + 1, body], "both are told, in order");
      }
      const name = index % 2 === 0 ? "alice" : "bob";
      progress(
        `${name}: "${body}" acked in ${ackMs.toFixed(1)} ms, with both in ${(performance.now() - startedAt).toFixed(1)} ms`,
      );
    }
  } finally {
    for (const connection of [aliceIn, bobIn, aliceOut, bobOut]) connection.close();
  }
  await checkHistory(consumer, bob.token);
  progress(`history: GET /api/v1/rooms/general/messages gives the same ${LINES.length}`);
  await showRows(stack.databaseUrl);
}

async function checkHistory(consumer: string, token: string): Promise<void> {
  const answer = await fetch(`${consumer}/api/v1/rooms/general/messages`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await answer.text();
  equal(answer.status, 200, `history answered ${answer.status}: ${text}`);
  const { data } = JSON.parse(text) as { data: unknown };
  const list = (Array.isArray(data) ? data : (data as { messages: unknown }).messages) as {
    seq: number;
    body: string;
  }[];
  const found = list.map(({ seq, body }) => ({ seq, body })).sort((a, b) => a.seq - b.seq);
  deepStrictEqual(
    found,
    LINES.map((body, index) => ({ seq: index + 1, body })),
    "history is what was said",
  );
}

async function showRows(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql`select * from chat.entries order by room, seq`;
    equal(rows.length, LINES.length, `chat.entries has ${rows.length} rows`);
    say("\nchat.entries:");
    for (const row of rows) say(`  ${JSON.stringify(row)}`);
    say();
  } finally {
    await sql.end({ timeout: 1 });
  }
}

process.exit(await main());
