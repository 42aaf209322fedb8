import { migrate } from "@parley/devstack/migrate";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import { openSmallDisk, type SmallDisk } from "@parley/devstack/small-disk";
import { PartialFault } from "@parley/runtime/health";
import { openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHistory } from "../delivery/postgres/history.ts";
import { Sender, startInstance, startTestLog, type TestLog, until } from "./writers-fixture.ts";

const DISK_MB = 128;
const ROOM = "full";

let disk: SmallDisk | undefined;
let postgres: PostgresServer | undefined;
let log: TestLog | undefined;
beforeAll(async () => {
  disk = await openSmallDisk(DISK_MB);
  if (!disk) return;
  // Little write-ahead log, so that the disk is filled soon.
  const settings = { max_wal_size: "32MB", min_wal_size: "32MB", shared_buffers: "16MB" };
  postgres = await startPostgres({ dataDir: disk.dir, settings, supervise: true });
  await migrate({ databaseUrl: postgres.url });
  log = await startTestLog();
}, 60_000);
afterAll(async () => {
  await log?.stop();
  await postgres?.stop();
  await disk?.close();
});

it("J: a full disk under Postgres is reported once, loses nothing, and is over once there is room", async ({
  skip,
}) => {
  if (!disk || !postgres || !log)
    return skip("a file system cannot be mounted here: that needs root and Linux");
  const instance = await startInstance({ nats: log.server.url, postgres: postgres.url }, 1);
  const sender = await Sender.connect(log.server.url, 1);
  await sender.untilStreams();
  await until("ready", () => isReady(instance.writers));
  await disk.fill(512 * 1_024);
  let sent = 0;
  const body = "x".repeat(3_000);
  const isDown = () => !isReady(instance.writers);
  while (!isDown()) {
    for (let i = 0; i < 100; i += 1, sent += 1) sender.send({ room: ROOM, id: `m${sent}`, body });
    // The log has them on its own disk, whatever Postgres does.
    await sender.lastSeqs();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // None of its writers gets on.
  expect(() => instance.writers.check()).not.toThrow(PartialFault);
  await until("the reason", () => reasonOf(instance.writers).includes("No space left on device"));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const lines = instance.reports.filter((line) => line.includes("No space left"));

  expect(lines.length).toBeLessThanOrEqual(2);
  await disk.free();
  await until("ready again", () => isReady(instance.writers), 30_000);
  const database = openDatabase({ url: postgres.url, name: "test", connections: 1, deadlineMs: 5_000 });
  const [last] = await sender.lastSeqs();
  await until("written", () => (instance.writers.cursors().get(0) ?? 0) >= (last as number), 30_000);
  const history = createHistory(database);
  expect(await history.heads([ROOM])).toEqual(new Map([[ROOM, sent]]));
  expect(instance.writers.counters.deadLetters).toBe(0);
  await database.close();
  await instance.close();
  await sender.nats.close();
}, 60_000);

const isReady = (writers: { check: () => void }) => reasonOf(writers) === "";

function reasonOf({ check }: { check: () => void }): string {
  try {
    check();
    return "";
  } catch (error) {
    return String(error);
  }
}
