import { jetstream } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { FILLED_KEY, memberKey, ROOMS_BUCKET, roomKey } from "@parley/protocol/access";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { readIdentity, readRights } from "../postgres/stored-rights.ts";
import { createAccessBucket } from "./access-bucket.ts";

const MEMBERS = 4_500;

let dataDir: string;
let server: NatsServer;
let nats: NatsConnection;
let made: TestDatabase;
let database: Database;
let bucket: KV;

beforeAll(async () => {
  dataDir = await makeTempDir("access");
  server = await startNats({ dataDir });
  nats = await connectNats({ url: server.url, name: "access", log: createLog("access", "silent") });
  made = await createTestDatabase();
  database = openDatabase({ url: made.url, name: "test", connections: 2, deadlineMs: 5_000 });
  bucket = await new Kvm(jetstream(nats)).create(ROOMS_BUCKET, { history: 1, allow_direct: true });
});
afterAll(async () => {
  await database?.close();
  await made?.drop();
  await nats?.close();
  await server?.stop();
  await removeDataDir(dataDir);
});

const insertMembers = (from: number, to: number, changed: number) =>
  database.query(
    `insert into chat.members (room, user_id, username, role, changed)
     select 'GROOM' || n % 7, 'u' || n, 'u' || n, 'member', $3 from generate_series($1::int, $2::int) as n`,
    [from, to, changed],
  );
const source = { identity: () => readIdentity(database), readAll: () => readRights(database) };
const access = (rule = "rule=1") => createAccessBucket(nats, 1, source, rule);
const textOf = async (key: string) => (await bucket.get(key))?.string();
const memberValue = (n: number) => textOf(memberKey(`GROOM${n % 7}`, `u${n}`));

beforeEach(async () => {
  await database.query("truncate chat.members, chat.rooms, chat.installation");
  await database.query("insert into chat.installation (shards) values (4)");
  await insertMembers(1, MEMBERS, 9);
  await database.query(
    "insert into chat.rooms (id, kind, head, created_at, last_at) values ('open', 'channel', 0, now(), now())",
  );
});

it("B: is filled page by page, with all members and channels, and once", async () => {
  await access().prepare();
  expect(await textOf(FILLED_KEY)).toMatch(/^rule=1 \d+-\d+/);
  for (const n of [1, 2_000, 2_001, MEMBERS]) expect(await memberValue(n)).toBe("9 member");
  expect(await textOf(roomKey("open"))).toBe("0 open");
  const { revision } = (await bucket.get(FILLED_KEY)) ?? {};
  await access().prepare();
  expect((await bucket.get(FILLED_KEY))?.revision).toBe(revision);
});

it("J: a dump restored into a fresh stack fills the bucket anew: rights of before are gone, versions too", async () => {
  await access().prepare();
  await database.query("truncate chat.members, chat.installation");
  await database.query("insert into chat.installation (shards, created_at) values (4, '2026-01-01')");
  await insertMembers(2, 10, 3);
  await access().prepare();
  expect(await memberValue(1)).toBeUndefined();
  expect(await memberValue(2)).toBe("3 member");
  // A change after the restore has a lower version than rights before it had.
  await access().setMember("GROOM2", "u2", "none", 4);
  expect(await memberValue(2)).toBe("4 none");
});

it("is not marked as filled while it is being filled, also under another rule", async () => {
  await access().prepare();
  let during: string | undefined = "not seen";
  const slow = {
    ...source,
    async *readAll() {
      yield* readRights(database);
      during = await textOf(FILLED_KEY);
    },
  };
  await createAccessBucket(nats, 1, slow, "rule=2").prepare();
  expect(during || undefined).toBeUndefined();
  expect(await textOf(FILLED_KEY)).toMatch(/^rule=2 /);
  expect(await memberValue(1)).toBe("9 member");
});
