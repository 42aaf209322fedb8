/**
 * What people wait for when they open a chat: inbox, a page of history, a search, unread counts, with 10,000 rooms and
 * 1,000,000 messages: `node bench/src/rooms.ts [messages] [rounds]`. It writes the figures and the plans to
 * docs/room-queries.md with `--write`.
 */
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { migrate } from "@parley/devstack/migrate";
import { startPostgres } from "@parley/devstack/postgres-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { build } from "hdr-histogram-js";
import { createHistory } from "../../services/ws-consumer/src/delivery/postgres/history.ts";
import { openReadDatabase } from "../../services/ws-consumer/src/delivery/postgres/read-database.ts";
import { createRoomViews } from "../../services/ws-consumer/src/rooms/postgres/room-views.ts";
import {
  createSearch,
  openSearchDatabase,
} from "../../services/ws-consumer/src/search/postgres/search-index.ts";
import { chooseRoom, chooseWords, seedRooms, USERS } from "./rooms-seed.ts";

const numbers = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument));
const MESSAGES = Number(numbers[0] ?? 1_000_000);
const ROUNDS = Number(numbers[1] ?? 1_000);
const WARM_UP = 100;
const GOAL_MS = 20;
const say = (line: string) => process.stdout.write(`${line}\n`);

type Database = ReturnType<typeof openReadDatabase>;
type Recorded = { text: string; params: readonly unknown[] };

/** A database that remembers the last statement that was sent. */
function recording(database: Database): { database: Database; last: () => Recorded } {
  let last: Recorded = { text: "", params: [] };
  const query: Database["query"] = (text, params = [], deadlineMs) => {
    last = { text, params };
    return database.query(text, params, deadlineMs);
  };
  return { database: { query, close: () => database.close() }, last: () => last };
}

async function planOf(database: Database, { text, params }: Recorded): Promise<string> {
  const rows = await database.query<{ "QUERY PLAN": string }>(
    `explain (analyze, buffers, costs off) ${text}`,
    params as never[],
  );
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

/** Latencies of so many calls, one after the other, and the statement of the slowest one. */
async function measure(ask: () => Promise<unknown>, last: () => Recorded) {
  let slowest: Recorded & { ms: number } = { text: "", params: [], ms: -1 };
  const latency = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 });
  for (let i = 0; i < WARM_UP + ROUNDS; i += 1) {
    const began = performance.now();
    await ask();
    const ms = performance.now() - began;
    if (i < WARM_UP) continue;
    latency.recordValue(Math.round(ms * 1_000));
    if (ms > slowest.ms) slowest = { ...last(), ms };
  }
  const ms = (percentile: number) => latency.getValueAtPercentile(percentile) / 1_000;
  return { p50: ms(50), p99: ms(99), max: latency.maxValue / 1_000, slowest };
}

async function run(url: string): Promise<string> {
  const plain = openReadDatabase(url);
  const searching = openSearchDatabase(url);
  await seedRooms(url, plain, MESSAGES, say);
  const reads = recording(plain);
  const finds = recording(searching);
  const { search } = createSearch(finds.database, "english");
  const history = createHistory(reads.database);
  const views = createRoomViews(reads.database);
  const anybody = () => `user-${Math.floor(Math.random() * USERS)}`;
  const questions = {
    "inbox, 50 rooms": { ask: () => views.inbox(anybody(), 50), last: reads.last, of: plain },
    "unread, all rooms": { ask: () => views.unread(anybody()), last: reads.last, of: plain },
    "history, 50 messages": {
      ask: () => history.pageFor(anybody(), chooseRoom(), { limit: 50 }),
      last: reads.last,
      of: plain,
    },
    "history around a seq": {
      ask: () => history.pageFor(anybody(), chooseRoom(), { limit: 50, around: 20 }),
      last: reads.last,
      of: plain,
    },
    "search, all rooms": { ask: () => search(anybody(), chooseWords(), 20), last: finds.last, of: searching },
    "search, one room": {
      ask: () => search(anybody(), chooseWords(), 20, chooseRoom()),
      last: finds.last,
      of: searching,
    },
  };
  const lines: string[] = [];
  const plans: string[] = [];
  for (const [what, { ask, last, of }] of Object.entries(questions)) {
    const { p50, p99, max, slowest } = await measure(ask, last);
    const figures = [p50, p99, max].map((ms) => ms.toFixed(1).padStart(6));
    lines.push(`| ${what} | ${figures.join(" | ")} | ${p99 < GOAL_MS ? "yes" : "NO"} |`);
    say(lines.at(-1) as string);
    plans.push(`## ${what}\n\n\`\`\`\n${await planOf(of, slowest)}\n\`\`\``);
  }
  await plain.close();
  await searching.close();
  return documentOf(lines, plans);
}

function documentOf(lines: readonly string[], plans: readonly string[]): string {
  return `# What people wait for when they open a chat

Made by \`node bench/src/rooms.ts ${MESSAGES} ${ROUNDS} --write\` on ${cpus().length} processors: 10,000 rooms, ${MESSAGES.toLocaleString("en")}
messages, ${USERS.toLocaleString("en")} users in about 100 rooms each; ${ROUNDS} calls of each kind one after the other, by different users, in ms.
Other work went on beside it (load ${loadavg()[0]?.toFixed(1)}): medians and plans say more than the slowest calls.

| what | p50 | p99 | max | p99 < ${GOAL_MS} ms |
|---|---|---|---|---|
${lines.join("\n")}

A test looks at the plans of these statements on every run (\`room-plans.test.ts\`). The plans here are of the slowest
call of each kind.

${plans.join("\n\n")}
`;
}

const dataDir = await makeTempDir("bench-rooms");
const server = await startPostgres({ dataDir });
try {
  await migrate({ databaseUrl: server.url });
  const text = await run(server.url);
  if (process.argv.includes("--write")) await writeFile(join(REPOSITORY, "docs/room-queries.md"), text);
} finally {
  await server.stop();
  await removeDataDir(dataDir);
}
