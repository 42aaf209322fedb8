/**
 * Rows a second of the writer's statement while the table grows: `npm run bench:writer-growth -w @parley/bench
 * [millions of entries, one after the other: 0 1 5]`. The same batches each time, into rooms that have a history of
 * their own; what lies between two measurements is inserted in bulk.
 */
import { migrate } from "@parley/devstack/migrate";
import { startPostgres } from "@parley/devstack/postgres-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import postgres from "postgres";
import { createShardStore } from "../../services/ws-consumer/src/writing/postgres/postgres-shard-store.ts";
import { openWriterDatabase } from "../../services/ws-consumer/src/writing/postgres/writer-database.ts";
import type { LogEntry, ShardPosition } from "../../services/ws-consumer/src/writing/shard-log.ts";
import { medianOf } from "./benches/median.ts";

const MILLIONS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [0, 1, 5];
const SHARDS = 4;
const ROOMS = 10_000;
const AUTHORS = 5_000;
const BATCH_ROWS = 250;
const BATCHES = 60;
const RUNS = 5;
const BULK_ROWS = 250_000;
const BODY = "A message of an ordinary length: what people write to one another in a line or two of chat.";
const say = (line: string) => void process.stdout.write(`${line}\n`);

const authorOf = (n: number) => `01997f2e-0000-7000-8000-${String(n % AUTHORS).padStart(12, "0")}`;

/** Each shard has rooms of its own, as in earnest. */
function batchOf(position: ShardPosition) {
  const entries = Array.from({ length: BATCH_ROWS }, (_, i): LogEntry => {
    const n = Math.floor(Math.random() * (ROOMS / SHARDS)) * SHARDS + position.shard;
    const [room, id] = [`room-${n}`, crypto.randomUUID()];
    const author = { id: authorOf(i * 7 + n), username: `user${i}` };
    const at = new Date().toISOString();
    const content = { type: "message" as const, room, id, author, body: BODY, at };
    return {
      logSeq: position.cursor + 1 + i,
      isLast: true,
      logTime: "1",
      bytes: 300,
      room,
      id,
      text: JSON.stringify(content),
      content,
      receipt: undefined,
      original: () => ({ subject: "", headers: {}, payload: new Uint8Array() }),
    };
  });
  return { entries, poison: [], cursor: position.cursor + BATCH_ROWS, cursorTime: "1" };
}

/** The next so many entries, spread evenly over the rooms, with ids as random as those of clients. */
async function grow(sql: postgres.Sql, rows: number): Promise<void> {
  for (let done = 0; done < rows; done += BULK_ROWS) {
    await sql`
      with room as (
        update chat.rooms set head = head + ${BULK_ROWS / ROOMS} where id like 'room-%' returning id, head
      )
      insert into chat.entries (room, seq, log_seq, at, type, author_id, author_username, client_id, body)
      select id, head - n, 1, now(), 'message',
        '01997f2e-0000-7000-8000-' || lpad((hashtext(id) % ${AUTHORS} + n)::text, 12, '0'), 'user',
        gen_random_uuid()::text, ${BODY}
      from room, generate_series(0, ${BULK_ROWS / ROOMS - 1}) n`;
  }
  await sql`vacuum analyze chat.entries`;
  await sql`checkpoint`;
}

const dataDir = await makeTempDir("bench-writer-growth");
const server = await startPostgres({ dataDir });
await migrate({ databaseUrl: server.url });
const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
const database = openWriterDatabase(server.url, "bench", SHARDS);
try {
  const store = createShardStore(database);
  await store.install(SHARDS);
  const positions: ShardPosition[] = [];
  for (let shard = 0; shard < SHARDS; shard += 1)
    positions.push((await store.acquire(shard, "bench")) as ShardPosition);
  await sql`
    insert into chat.rooms (id, kind, head, created_at, last_at)
    select 'room-' || n, 'channel', 0, now(), now() from generate_series(0, ${ROOMS - 1}) n`;
  const writeAll = async (shard: number) => {
    for (let i = 0; i < BATCHES; i += 1) {
      const position = positions[shard] as ShardPosition;
      const batch = batchOf(position);
      await store.write(position, batch);
      positions[shard] = { ...position, cursor: batch.cursor, cursorTime: "1" };
    }
  };
  const measure = async () => {
    const began = performance.now();
    await Promise.all(positions.map((_, shard) => writeAll(shard)));
    return Math.round((SHARDS * BATCHES * BATCH_ROWS) / ((performance.now() - began) / 1_000));
  };
  await measure();
  let [held, first] = [0, 0];
  for (const millions of MILLIONS) {
    await grow(sql, millions * 1_000_000 - held);
    held = millions * 1_000_000;
    await measure();
    const runs: number[] = [];
    for (let i = 0; i < RUNS; i += 1) runs.push(await measure());
    const rate = medianOf(runs, (run) => run);
    first ||= rate;
    say(
      `${millions} M entries: ${rate} rows/s (${runs.join(", ")}), ${(rate / first).toFixed(2)} of the first`,
    );
  }
} finally {
  await database.close();
  await sql.end();
  await server.stop();
  await removeDataDir(dataDir);
}
