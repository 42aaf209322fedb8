import { deepStrictEqual, equal } from "node:assert/strict";
import { withConnection } from "@parley/devstack/database";
import { loadDotEnv, type Progress } from "@parley/devstack/environment";
import { errorText, say, timedProgress, untilInterrupted } from "@parley/devstack/terminal";
import { FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

const LINES = ["Hello, World!", "Hi! Is this thing durable?", "Every word of it."];

/** `make demo`: two users talk through a stack of their own, and every step is checked. */
async function main(): Promise<number> {
  loadDotEnv();
  const progress = timedProgress();
  const parley = await Parley.start({ rateLimits: "on", onProgress: progress });
  try {
    await untilInterrupted(talk(parley, progress));
    progress("demo: every check passed");
    return 0;
  } finally {
    await parley.stop();
  }
}

async function talk(parley: Parley, progress: Progress): Promise<void> {
  const people = await Promise.all(["alice", "bob"].map((name) => parley.person(name)));
  progress("alice and bob are registered and logged in");
  const open = (url: string) => Promise.all(people.map(({ token }) => FrameSocket.open(url, token)));
  const [writers, listeners] = [await open(parley.producerSocket), await open(parley.consumerSocket)];
  for (const listener of listeners) {
    listener.send({ type: "subscribe", room: "general", after: 0 });
    await listener.next("subscribed");
  }
  for (const [index, body] of LINES.entries()) {
    const writer = writers[index % 2] as FrameSocket;
    const startedAt = performance.now();
    const elapsed = () => `${(performance.now() - startedAt).toFixed(1)} ms`;
    writer.send({ type: "message", id: `demo-${index}`, room: "general", body });
    equal((await writer.next("ack", "error")).id, `demo-${index}`, "the ack carries the id of the message");
    const acked = elapsed();
    for (const listener of listeners) {
      const message = await listener.next("message");
      deepStrictEqual([message.seq, message.body], [index + 1, body], "both receive it, in order");
    }
    progress(`${people[index % 2]?.username}: "${body}" acked in ${acked}, with both in ${elapsed()}`);
  }
  for (const socket of [...writers, ...listeners]) socket.close();
  const history = await parley.history("general", people[0]?.token ?? "");
  const expected = LINES.map((body, index) => [index + 1, body]);
  deepStrictEqual(
    history.map(({ seq, body }) => [seq, body]),
    expected,
    "history holds the conversation",
  );
  progress(`history: GET /api/v1/rooms/general/messages returns the same ${LINES.length}`);
  await withConnection(parley.stack.databaseUrl, async (sql) => {
    const rows = await sql`select * from chat.entries order by room, seq`;
    equal(rows.length, LINES.length, `chat.entries has ${rows.length} rows`);
    say("\nchat.entries:");
    for (const row of rows) say(`  ${JSON.stringify(row)}`);
    say();
  });
}

process.exit(
  await main().catch((error: unknown) => {
    process.stderr.write(`\nmake demo: ${errorText(error)}\n`);
    return 1;
  }),
);
