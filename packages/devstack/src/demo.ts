import { deepStrictEqual, equal } from "node:assert/strict";
import { withConnection } from "./database.ts";
import { type FrameSocket, openFrameSocket } from "./demo-socket.ts";
import { logInDemoUser, makeDemoUsers } from "./demo-users.ts";
import { loadDotEnv, type Progress } from "./environment.ts";
import { type Stack, startStack } from "./stack.ts";
import { makeTempDir, removeDataDir } from "./temp-dir.ts";
import { errorText, say, timedProgress, untilAskedToEnd } from "./terminal.ts";

const LINES = ["Hello, World!", "Hi! Is this thing durable?", "Every word of it."];

/** `make demo`: two users talk through a stack of their own, and every step is checked. */
async function main(): Promise<number> {
  loadDotEnv();
  const progress = timedProgress();
  const dataDir = await makeTempDir("demo");
  const abort = new AbortController();
  void untilAskedToEnd().then((signal) => abort.abort(new Error(`ended by ${signal}`)));
  const { signal } = abort;
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason)),
  );
  aborted.catch(() => undefined);
  let stack: Stack | undefined;
  try {
    const services = ["auth", "ws-producer", "ws-consumer"] as const;
    stack = await startStack({ dataDir, services, onProgress: progress, signal });
    await Promise.race([talk(stack, progress), aborted]);
    progress("demo: every check passed");
    return 0;
  } catch (error) {
    process.stderr.write(`\nmake demo: ${errorText(error)}\n`);
    return 1;
  } finally {
    await stack?.stop();
    await removeDataDir(dataDir);
  }
}

async function talk(stack: Stack, progress: Progress): Promise<void> {
  const { auth = "", "ws-producer": producer = "", "ws-consumer": consumer = "" } = stack.urls;
  const logins = await Promise.all(makeDemoUsers().map((user) => logInDemoUser(auth, user)));
  progress("alice and bob are registered and logged in");
  const openAll = (url: string) =>
    Promise.all(logins.map(({ token }) => openFrameSocket(`${url.replace(/^http/, "ws")}/ws`, token)));
  const [writers, listeners] = [await openAll(producer), await openAll(consumer)];
  for (const listener of listeners) {
    listener.send({ type: "subscribe", room: "general", after: 0 });
    await listener.next("subscribed");
  }
  for (const [index, body] of LINES.entries()) {
    const writer = writers[index % 2] as FrameSocket;
    const startedAt = performance.now();
    const elapsed = () => `${(performance.now() - startedAt).toFixed(1)} ms`;
    writer.send({ type: "message", id: `demo-${index}`, room: "general", body });
    equal((await writer.next("ack")).id, `demo-${index}`, "the ack carries the id of the message");
    const acked = elapsed();
    for (const listener of listeners) {
      const message = await listener.next("message");
      deepStrictEqual([message.seq, message.body], [index + 1, body], "both receive it, in order");
    }
    progress(`${logins[index % 2]?.user.username}: "${body}" acked in ${acked}, with both in ${elapsed()}`);
  }
  for (const socket of [...writers, ...listeners]) socket.close();
  await checkHistory(consumer, logins[0]?.token ?? "");
  progress(`history: GET /api/v1/rooms/general/messages returns the same ${LINES.length}`);
  await withConnection(stack.databaseUrl, async (sql) => {
    const rows = await sql`select * from chat.entries order by room, seq`;
    equal(rows.length, LINES.length, `chat.entries has ${rows.length} rows`);
    say("\nchat.entries:");
    for (const row of rows) say(`  ${JSON.stringify(row)}`);
    say();
  });
}

async function checkHistory(consumer: string, token: string): Promise<void> {
  const url = `${consumer}/api/v1/rooms/general/messages`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();
  equal(answer.status, 200, `history answered ${answer.status}: ${text}`);
  const { data } = JSON.parse(text) as { data: readonly { seq: number; body: string }[] };
  const found = data.map(({ seq, body }) => ({ seq, body })).sort((a, b) => a.seq - b.seq);
  const expected = LINES.map((body, index) => ({ seq: index + 1, body }));
  deepStrictEqual(found, expected, "history holds the conversation");
}

process.exit(await main());
