import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { migrate } from "@parley/devstack/migrate";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { streamConfig } from "@parley/protocol/log";
import { PartialFault } from "@parley/runtime/health";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHistory } from "../delivery/postgres/history.ts";
import { acceptLoss } from "./postgres/accept-loss.ts";
import {
  collectLive,
  type Instance,
  Sender,
  startInstance,
  startTestLog,
  type TestLog,
  until,
} from "./writers-fixture.ts";

const SHARDS = 2;
const ROOMS = 5;

let dataDir: string;
let postgres: PostgresServer;
let log: TestLog;
let database: Database;
let sender: Sender;
let instances: Instance[] = [];
let children: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = await makeTempDir("writers-faults");
  postgres = await startPostgres({ dataDir });
  await migrate({ databaseUrl: postgres.url });
  database = openDatabase({ url: postgres.url, name: "test", connections: 4, deadlineMs: 5_000 });
});

afterAll(async () => {
  await database?.close();
  await postgres?.stop();
  await removeDataDir(dataDir);
});

beforeEach(async () => {
  log = await startTestLog();
  sender = await Sender.connect(log.server.url, SHARDS);
  await database.query(
    "truncate chat.installation, chat.shards, chat.rooms, chat.entries, chat.dead_letters, chat.writers",
  );
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await Promise.all(instances.map((instance) => instance.close()));
  instances = [];
  await sender.nats.close();
  await log.stop();
});

async function start(instance: string): Promise<Instance> {
  const started = await startInstance({ nats: log.server.url, postgres: postgres.url }, SHARDS, { instance });
  instances.push(started);
  await sender.untilStreams();
  return started;
}

async function startChild(instance: string, ...more: string[]): Promise<ChildProcess> {
  const args = [
    `${import.meta.dirname}/writers-child-fixture.ts`,
    log.server.url,
    postgres.url,
    String(SHARDS),
    instance,
    ...more,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout ?? child, "data");
  await sender.untilStreams();
  return child;
}

async function sendMany(from: number, to: number): Promise<void> {
  for (let i = from; i < to; i += 1) {
    sender.send({ room: `room-${i % ROOMS}`, id: `m${i}` });
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Expects each message once, with the seqs 1, 2, 3 … of its room in the order of sending. */
async function expectAll(count: number): Promise<void> {
  await sender.lastSeqs();
  const stored = async () => (await database.query("select 1 from chat.entries")).length;
  await until(`${count} stored`, async () => (await stored().catch(() => 0)) >= count, 25_000);
  const history = createHistory(database);
  for (let room = 0; room < ROOMS; room += 1) {
    const page = await history.page(`room-${room}`, { after: 0, limit: count });
    const expected = Array.from({ length: count }, (_, i) => i).filter((i) => i % ROOMS === room);
    expect(page.map(({ id }) => id)).toEqual(expected.map((i) => `m${i}`));
    expect(page.map(({ seq }) => seq)).toEqual(expected.map((_, i) => i + 1));
  }
  expect(await stored()).toBe(count);
}

describe("when Postgres fails, the writers", () => {
  it("neither lose nor duplicate entries while their connections are cut repeatedly", async () => {
    const { writers } = await start("one");
    const cut = setInterval(() => {
      const text = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'one'";
      database.query(text).catch(() => undefined);
    }, 60);
    await sendMany(0, 3_000);
    clearInterval(cut);
    await expectAll(3_000);
    expect(writers.counters.restarts).toBeGreaterThan(0);
  });

  it("report that they are not ready, and continue once it is back", async () => {
    const { writers } = await start("one");
    const sending = sendMany(0, 2_000);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await postgres.kill();
    await until("not ready", () => {
      try {
        writers.check();
        return false;
      } catch (error) {
        return error instanceof Error && error.message !== "";
      }
    });
    await sending;
    await postgres.restart();
    await expectAll(2_000);
    await until("ready", () => {
      try {
        writers.check();
        return true;
      } catch {
        return false;
      }
    });
  });
});

describe("when the log fails, the writers", () => {
  it("continue after it was killed and restarted", async () => {
    await start("one");
    await sendMany(0, 500);
    await expectAll(500);
    await log.server.kill();
    await log.server.restart();
    await sender.untilStreams();
    await sendMany(500, 1_000);
    await expectAll(1_000);
  });

  it("wait while entries are missing that left the log, and say which, until that is accepted", async () => {
    const { writers, close } = await start("one");
    await sendMany(0, 100);
    await expectAll(100);
    const cursor = writers.cursors().get(0) ?? 0;
    await close();
    instances = [];
    await sendMany(100, 200);
    const last = (await sender.lastSeqs())[0] ?? 0;
    await sender.jsm.streams.purge("CHAT_0", { seq: last });
    const { writers: later } = await start("two");
    const trouble = () => {
      try {
        return void later.check();
      } catch (error) {
        return String(error);
      }
    };
    await until("it waits", () => trouble()?.includes("make accept-loss") === true);
    expect(trouble()).toContain(`log entries ${cursor + 1} to ${last - 1} left the log`);
    await until(
      "the other shard is written",
      () => later.cursors().has(1) && !trouble()?.includes("shard 1"),
    );
    // So load balancers keep the instance.
    expect(() => later.check()).toThrow(PartialFault);
    const { first_seq } = (await sender.jsm.streams.info("CHAT_0")).state;
    expect(await acceptLoss(database, 0, first_seq)).toEqual([cursor + 1, last - 1]);
    expect(await acceptLoss(database, 0, first_seq)).toBeUndefined();
    await until("it writes again", () => later.cursors().get(0) === last && trouble() === undefined);
  });

  it("create a deleted stream again, starting at the sequence after the cursor", async () => {
    const { reports } = await start("one");
    await sendMany(0, 100);
    await expectAll(100);
    const before = (await sender.lastSeqs())[0] ?? 0;
    await sender.jsm.streams.delete("CHAT_0");
    await sender.untilStreams();
    expect((await sender.jsm.streams.info("CHAT_0")).state.first_seq).toBe(before + 1);
    await sendMany(100, 200);
    await expectAll(200);
    expect(
      reports.filter((report) => report.startsWith("error: the cursor belongs to another stream")),
    ).toHaveLength(1);
  });

  it("read a stream that was created again from its start, and store nothing twice", async () => {
    const first = await start("one");
    await sendMany(0, 100);
    await expectAll(100);
    await first.close();
    instances = [];
    for (const shard of [0, 1]) await sender.jsm.streams.delete(`CHAT_${shard}`);
    await sender.makeStreams();
    await sendMany(80, 130);
    await start("two");
    await expectAll(130);
  });

  it("detect a stream that was cut short and has grown past the cursor again", async () => {
    const first = await start("one");
    await sendMany(0, 100);
    await expectAll(100);
    await first.close();
    instances = [];
    // As after a power failure without fsync: the same stream, with other messages under the same sequences.
    const streams = await Promise.all([0, 1].map((shard) => sender.jsm.streams.info(`CHAT_${shard}`)));
    for (const shard of [0, 1]) await sender.jsm.streams.delete(`CHAT_${shard}`);
    await sender.makeStreams();
    await sendMany(100, 400);
    await sender.lastSeqs();
    for (const shard of [0, 1]) {
      const { created } = await sender.jsm.streams.info(`CHAT_${shard}`);
      expect(String(created)).not.toBe(String(streams[shard]?.created));
      await database.query("update chat.shards set stream_created = $2 where shard = $1", [
        shard,
        String(created),
      ]);
    }
    const { reports } = await start("two");
    await expectAll(400);
    expect(
      reports.filter((report) => report.includes("is another than the one that was stored")),
    ).toHaveLength(2);
  });

  it("refuse a log made for another number of shards", async () => {
    for (const shard of [0, 1]) await sender.jsm.streams.add(streamConfig(shard, 8, 1, 1_000_000));
    const { writers } = await start("one");
    await until("trouble", () => {
      try {
        writers.check();
        return false;
      } catch (error) {
        return String(error).includes("LOG_SHARDS=8");
      }
    });
  });
});

describe("when an instance fails, the writers", () => {
  it("continue where one was killed between commit and announcement", async () => {
    const live = collectLive(sender.nats);
    const child = await startChild("same", "crash");
    sender.send({ room: "room-0", id: "m0" });
    await once(child, "exit");
    expect(live.size).toBe(0);
    const took = performance.now();
    await start("same");
    await sendMany(1, 50);
    await expectAll(50);
    // Under its former name it need not wait for its own lease to end.
    expect(performance.now() - took).toBeLessThan(3_000);
  });

  it("fence one that was suspended and resumes", async () => {
    const child = await startChild("paused");
    await sendMany(0, 100);
    await expectAll(100);
    child.kill("SIGSTOP");
    await start("other");
    await sendMany(100, 200);
    await expectAll(200);
    child.kill("SIGCONT");
    await sendMany(200, 300);
    await expectAll(300);
    const holders = await database.query<{ holder: string }>(
      "select holder from chat.shards where holder = 'other'",
    );
    expect(holders.length).toBeGreaterThan(0);
  });
});
