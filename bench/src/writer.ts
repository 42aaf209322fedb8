/**
 * The whole way from the log to Postgres, and on to the live subjects, against a plain multi-row insert of the same
 * rows: `npm run bench:writer -w @parley/bench [entries] [shards]`. The log is filled beforehand, so the figure is
 * what a writer does when it catches up; batches are as large as they get.
 */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { migrate } from "@parley/devstack/migrate";
import { startNats } from "@parley/devstack/nats-server";
import { startPostgres } from "@parley/devstack/postgres-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { messageKey, streamConfig } from "@parley/protocol/log";
import type { LogMessage } from "@parley/protocol/message";
import { pause } from "@parley/runtime/deadline";
import postgres from "postgres";
import { createLivePublisher } from "../../services/ws-consumer/src/delivery/nats/live-publisher.ts";
import { createFreeShards } from "../../services/ws-consumer/src/writing/nats/free-shards.ts";
import { createShardLog } from "../../services/ws-consumer/src/writing/nats/jetstream-log.ts";
import { createShardStore } from "../../services/ws-consumer/src/writing/postgres/postgres-shard-store.ts";
import { openWriterDatabase } from "../../services/ws-consumer/src/writing/postgres/writer-database.ts";
import { createWriters } from "../../services/ws-consumer/src/writing/run-writers.ts";
import { createLogPublisher } from "../../services/ws-producer/src/adapters/log/log-publisher.ts";
import { cpuUsOf } from "./measure/proc.ts";

const ENTRIES = Number(process.argv[2] ?? 100_000);
const SHARDS = Number(process.argv[3] ?? 4);
const ROOMS = 200;
const AUTHORS = 500;
const BODY = "A message of an ordinary length: what people write to one another in a line or two of chat.";
const STREAM_BYTES_MAX = 4 * 1_024 ** 3;
const FILL_AT_ONCE = 2_000;
const PLAIN_ROWS = 1_000;

const silent = { info: () => undefined, error: () => undefined };
const say = (line: string) => process.stdout.write(`${line}\n`);

function messageOf(i: number): LogMessage {
  const author = {
    id: `01997f2e-0000-7000-8000-${String(i % AUTHORS).padStart(12, "0")}`,
    username: `user${i % AUTHORS}`,
  };
  return {
    type: "message",
    room: `room-${i % ROOMS}`,
    id: crypto.randomUUID(),
    author,
    body: BODY,
    at: new Date().toISOString(),
  };
}

async function fill(nats: NatsConnection, messages: readonly LogMessage[]): Promise<void> {
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  for (let shard = 0; shard < SHARDS; shard += 1)
    await jsm.streams.add(streamConfig(shard, SHARDS, 1, STREAM_BYTES_MAX));
  const publisher = createLogPublisher(nats, { shards: SHARDS, closeDeadlineMs: 3_000, log: silent });
  for (let from = 0; from < messages.length; from += FILL_AT_ONCE) {
    const some = messages.slice(from, from + FILL_AT_ONCE).map((message) => {
      const key = messageKey(message.room, message.author.id, message.id);
      return publisher.publish({ room: message.room, key, payload: JSON.stringify(message), at: message.at });
    });
    await Promise.all(some);
  }
  await publisher.close();
}

async function measure(rows: number, postgresPid: number, natsPid: number, work: () => Promise<void>) {
  const [postgresCpu, natsCpu, cpu] = [
    await cpuUsOf(postgresPid),
    await cpuUsOf(natsPid),
    process.cpuUsage(),
  ];
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1_000;
  const used = process.cpuUsage(cpu);
  const perRow = (us: number) => Number((us / rows).toFixed(1));
  return {
    "rows/s": Math.round(rows / seconds),
    "node CPU us/row": perRow(used.user + used.system),
    "postgres CPU us/row": perRow((await cpuUsOf(postgresPid)) - postgresCpu),
    "nats CPU us/row": perRow((await cpuUsOf(natsPid)) - natsCpu),
  };
}

const PLAIN = `
insert into chat.plain (room, seq, log_seq, at, type, author_id, author_username, client_id, body)
select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
  $8::text[], $9::text[])`;

/** The same rows into a table of the same shape: no cursor, no duplicates looked for, seqs known beforehand. */
async function insertPlainly(url: string, messages: readonly LogMessage[]): Promise<void> {
  const sql = postgres(url, { max: SHARDS });
  await sql`create table chat.plain (like chat.entries including all)`;
  await sql`create unique index on chat.plain (chat.entry_key(room, author_id, type, client_id))`;
  let next = 0;
  const insertSome = async () => {
    while (next < messages.length) {
      const from = next;
      next += PLAIN_ROWS;
      const some = messages.slice(from, next);
      const seqs = some.map((_, i) => from + i + 1);
      const columns = [
        some.map(({ room }) => room),
        seqs,
        seqs,
        some.map(({ at }) => at),
        some.map(({ type }) => type),
        some.map(({ author }) => author.id),
        some.map(({ author }) => author.username),
        some.map(({ id }) => id),
        some.map(({ body }) => body),
      ];
      await sql.unsafe(PLAIN, columns, { prepare: true });
    }
  };
  await Promise.all(Array.from({ length: SHARDS }, insertSome));
  await sql.end();
}

const dataDir = await makeTempDir("bench-writer");
const natsServer = await startNats({ dataDir: `${dataDir}/nats` });
const postgresServer = await startPostgres({ dataDir: `${dataDir}/postgres` });
await migrate({ databaseUrl: postgresServer.url });
const nats = await connect({ servers: natsServer.url, noAsyncTraces: true });
const database = openWriterDatabase(postgresServer.url, "bench", SHARDS);
try {
  const messages = Array.from({ length: ENTRIES }, (_, i) => messageOf(i));
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  await fill(nats, messages);
  const faults: string[] = [];
  const writers = createWriters({
    instance: "bench",
    shards: SHARDS,
    store: createShardStore(database),
    log: await createShardLog(nats, { shards: SHARDS, replicas: 1, maxBytes: STREAM_BYTES_MAX }),
    feed: createLivePublisher({ nats, live: nats, deliverHere: () => undefined }),
    free: createFreeShards(nats),
    report: (level, text, details) => level !== "info" && faults.push(`${text}: ${details.err}`),
  });
  const written = await measure(ENTRIES, postgresServer.pid ?? 0, natsServer.pid ?? 0, async () => {
    await writers.start();
    while (writers.counters.stored < ENTRIES) await pause(5);
  });
  const { batches, writeMs, restarts } = writers.counters;
  await writers.close();
  const plain = await measure(ENTRIES, postgresServer.pid ?? 0, natsServer.pid ?? 0, () =>
    insertPlainly(postgresServer.url, messages),
  );
  const [heads] = await database.query<{ entries: number; heads: number }>(
    "select (select count(*) from chat.entries) as entries, (select sum(head)::bigint from chat.rooms) as heads",
  );
  const bytes = (await jsm.streams.info("CHAT_0")).state;
  say(
    `${ENTRIES} entries, ${SHARDS} shards, ${ROOMS} rooms, ${Math.round(bytes.bytes / bytes.messages)} bytes in the log`,
  );
  say(`writer        ${JSON.stringify(written)}`);
  say(`plain inserts ${JSON.stringify(plain)}`);
  const ratio = (written["rows/s"] / plain["rows/s"]).toFixed(2);
  const size = (ENTRIES / batches).toFixed(0);
  say(
    `ratio ${ratio}; ${batches} batches of ${size} on average, ${(writeMs / batches).toFixed(1)} ms each; restarts ${restarts}`,
  );
  for (const fault of faults) say(fault);
  if (heads?.entries !== ENTRIES || heads.heads !== ENTRIES) {
    say(`entries ${heads?.entries}, heads ${heads?.heads}`);
    process.exitCode = 1;
  }
} finally {
  await database.close();
  await nats.close();
  await natsServer.stop();
  await postgresServer.stop();
  await removeDataDir(dataDir);
}
