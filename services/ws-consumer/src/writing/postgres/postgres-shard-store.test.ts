import { createTestDatabase } from "@parley/devstack/test-database";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogEntry, ShardPosition } from "../shard-log.ts";
import { type Batch, FencedError, type ShardStore } from "../shard-store.ts";
import { KNOWN } from "./known-entries.ts";
import { createShardStore } from "./postgres-shard-store.ts";
import { WRITE, WRITE_WITH_EVENTS } from "./write-statement.ts";
import { openWriterDatabase, WRITER_SETTINGS } from "./writer-database.ts";

/** Partitions of `chat.entries`; each room is in one of them. */
const PARTITIONS = [0, 1, 2, 3, 4, 5, 6, 7];

let database: Database;
let store: ShardStore;
let url: string;
let dropDatabase: () => Promise<void>;

beforeAll(async () => {
  const made = await createTestDatabase();
  ({ url, drop: dropDatabase } = made);
  database = openWriterDatabase(url, "test", 4);
  store = createShardStore(database);
  await store.install(4);
});

afterAll(async () => {
  await database?.close();
  await dropDatabase?.();
});

function batchAfter(cursor: number, ids: readonly string[], room = "general"): Batch {
  const entries = ids.map((id, index): LogEntry => {
    const author = { id: "u1", username: "u1" };
    const at = "2026-11-21T12:00:00.000Z";
    const content = { type: "message" as const, room, id, author, body: "x", at };
    return {
      logSeq: cursor + 1 + index,
      isLast: true,
      logTime: "1",
      bytes: 100,
      room,
      id,
      text: JSON.stringify(content),
      content,
      receipt: undefined,
      original: () => ({ subject: "", headers: {}, payload: new Uint8Array() }),
    };
  });
  return { entries, poison: [], cursor: cursor + ids.length, cursorTime: "1" };
}

const endLease = (shard: number) =>
  database.query("update chat.shards set lease_until = now() where shard = $1", [shard]);
const acquired = async (shard: number, instance: string): Promise<ShardPosition> => {
  const position = await store.acquire(shard, instance);
  if (!position) throw new Error("not acquired");
  return position;
};

describe("the shard store", () => {
  it("gives a lease to one instance, and to another only when it has ended", async () => {
    const first = await acquired(1, "a");
    expect(await store.acquire(1, "b")).toBeUndefined();
    await endLease(1);
    const second = await acquired(1, "b");
    expect(second.epoch).toBe(first.epoch + 1);
    await store.release(1, first.epoch);
    expect(await store.acquire(1, "a")).toBeUndefined();
  });

  it("gives a lease to one of several instances that race for it", async () => {
    for (let round = 0; round < 20; round += 1) {
      await endLease(2);
      const got = await Promise.all(["a", "b", "c", "d"].map((name) => store.acquire(2, `${name}${round}`)));
      expect(got.filter(Boolean)).toHaveLength(1);
    }
  });

  it("fences a writer whose shard was taken: nothing is stored", async () => {
    const old = await acquired(0, "a");
    await store.write(old, batchAfter(0, ["m1", "m2"]));
    await endLease(0);
    const fresh = await acquired(0, "b");
    expect(fresh.cursor).toBe(2);
    await expect(store.write({ ...old, cursor: 2 }, batchAfter(2, ["late"]))).rejects.toThrow(FencedError);
    expect(await database.query("select 1 from chat.entries where client_id = 'late'")).toEqual([]);
    expect((await store.write(fresh, batchAfter(2, ["m3"]))).seqs).toEqual([3]);
  });

  it("stores one of several batches that follow the same position", async () => {
    let position = await acquired(0, "b");
    for (let round = 0; round < 20; round += 1) {
      const tries = ["p", "q", "r"].map((name) =>
        store.write(position, batchAfter(position.cursor, [`${name}${round}`, "m1"])),
      );
      const results = await Promise.allSettled(tries);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      position = await store.position(0);
    }
    const rows = await database.query<{ seq: number }>("select seq from chat.entries order by seq");
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
  });

  it("reports which entries were stored before", async () => {
    const position = await acquired(0, "b");
    const written = await store.write(position, batchAfter(position.cursor, ["m2", "new", "m1"]));
    expect(written.seqs).toEqual([2, 24, 1]);
    expect([...written.known]).toEqual([0, 2]);
  });

  it("stores new entries beside known ones, with and without a look-up first", async () => {
    for (const shard of [0, 3]) await endLease(shard);
    let [one, other] = [await acquired(0, "beside"), await acquired(3, "beside")];
    await store.write(one, batchAfter(one.cursor, ["k1", "k2"], "beside"));
    one = { ...one, cursor: one.cursor + 2 };
    // A store that has not met a known entry yet does not look entries up first.
    const fresh = createShardStore(database);
    for (const round of [0, 1]) {
      const written = await Promise.all([
        fresh.write(one, batchAfter(one.cursor, [`a${round}`, "k1", `b${round}`, "k2"], "beside")),
        fresh.write(other, batchAfter(other.cursor, [`c${round}`], "beside too")),
      ]);
      const [a, b] = [3 + 2 * round, 4 + 2 * round];
      expect(written).toEqual([
        { seqs: [a, 1, b, 2], known: new Set([1, 3]) },
        { seqs: [1 + round], known: new Set() },
      ]);
      [one, other] = [await store.position(0), await store.position(3)];
    }
    const rows = await database.query(
      "select id as room, head from chat.rooms where id like 'beside%' order by id",
    );
    expect(rows).toEqual([
      { room: "beside", head: 6 },
      { room: "beside too", head: 2 },
    ]);
    const only = await fresh.write(one, batchAfter(one.cursor, ["k1", "k2"], "beside"));
    expect([only.seqs, (await store.position(0)).cursor]).toEqual([[1, 2], one.cursor + 2]);
    await expect(fresh.write(one, batchAfter(one.cursor, ["k1"], "beside"))).rejects.toThrow(FencedError);
    await endLease(3);
  });

  it("distinguishes ids that escaping or encoding could make equal", async () => {
    const position = await acquired(3, "ids");
    const ids = [
      "a\\b",
      "a\\\\b",
      "a/b",
      "\\x41",
      "A",
      "\\101",
      "\\",
      "\\\\",
      "'",
      '"',
      "🙂",
      "\\u0041",
      "a b",
      "ab",
    ];
    const first = await store.write(position, batchAfter(position.cursor, ids, "ids"));
    expect(first.seqs).toEqual(ids.map((_, index) => index + 1));
    const again = await store.write(await store.position(3), batchAfter(ids.length, ids, "ids"));
    expect(again.seqs).toEqual(first.seqs);
    expect(again.known.size).toBe(ids.length);
  });

  it("gives each of the shards that share a statement its own outcome", async () => {
    const [good, fenced, bad] = (await Promise.all(
      [0, 1, 2].map(async (shard) => {
        await endLease(shard);
        return acquired(shard, "shared");
      }),
    )) as [ShardPosition, ShardPosition, ShardPosition];
    const after = ({ cursor }: ShardPosition, ids: readonly string[], room: string) =>
      batchAfter(cursor, ids, room);
    await store.write(good, after(good, ["g1"], "good"));
    const next = { ...good, cursor: good.cursor + 1 };
    const together = (text: string) => [
      store.write({ ...fenced, epoch: fenced.epoch - 1 }, after(fenced, ["f1", "f2"], "fenced")),
      store.write(next, after(next, ["g1", "g2"], "good")),
      store.write(bad, after(bad, ["b1", text], "bad")),
    ];
    const outcomes = await Promise.allSettled(together("\u0000"));
    expect(outcomes.map((one) => (one.status === "rejected" ? one.reason.name : one.value))).toEqual([
      "FencedError",
      { seqs: [1, 2], known: new Set([0]) },
      "BadEntryError",
    ]);
    expect(await store.position(1)).toEqual(fenced);
    expect(await store.position(2)).toEqual(bad);
    const third = { ...next, cursor: next.cursor + 2 };
    const both = [
      store.write(third, after(third, ["g3"], "good")),
      store.write(bad, after(bad, ["b1"], "bad")),
    ];
    expect((await Promise.all(both)).map(({ seqs }) => seqs)).toEqual([[3], [1]]);
    expect(await database.query("select 1 from chat.entries where room = 'fenced'")).toEqual([]);
  });

  it("plans the statements for the indexes, on an empty table and on a million rows", async () => {
    // Prepared statements belong to a connection.
    const single = openDatabase({
      url,
      name: "plan",
      connections: 1,
      deadlineMs: 120_000,
      settings: WRITER_SETTINGS,
    });
    const planOf = async (text: string) => {
      await single.query(`prepare w as ${text}`);
      // "$2" is a number; all others are texts: an empty JSON list or array.
      const values = [...new Set(text.match(/\$\d+::text::\w+(\[\])?|\$2/g))].map((param) =>
        param === "$2"
          ? [2, "5000"]
          : [Number.parseInt(param.slice(1), 10), param.endsWith("]") ? "'{}'" : "'[]'"],
      );
      const inOrder = values.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
      const rows = await single.query<{ "QUERY PLAN": string }>(`explain (costs off) execute w(${inOrder})`);
      await single.query("deallocate w");
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    const plan = async () => ({
      known: await planOf(KNOWN),
      write: await planOf(WRITE),
      withEvents: await planOf(WRITE_WITH_EVENTS),
    });
    const early = await plan();
    // With the statistics of a handful of rows the planner once chose the primary key, and read all entries of a room.
    await single.query("delete from chat.entries");
    const grow = (from: number, to: number) =>
      single.query(`
        insert into chat.entries (room, seq, log_seq, at, type, author_id, author_username, client_id, body)
        select 'room-' || n % 12, n, n, now(), 'message', gen_random_uuid(), 'u', gen_random_uuid(), 'x'
        from generate_series(${from}, ${to}) n`);
    await grow(1, 13);
    await single.query("vacuum analyze chat.entries");
    await grow(14, 12_000);
    const small = await plan();
    await single.query(`
      insert into chat.entries (room, seq, log_seq, at, type, author_id, author_username, client_id, body)
      select 'bulk-' || n % 100, n, n, now(), 'message', 'u' || n % 1000, 'u', 'id-' || n, 'x'
      from generate_series(1, 1000000) n`);
    for (const analyze of [false, true]) {
      if (analyze) await single.query("analyze chat.entries");
      const late = await plan();
      for (const { known, write, withEvents } of [early, small, late]) {
        expect(known + write + withEvents).not.toMatch(/Seq Scan/);
        expect(withEvents.match(/Index Scan using \w+ on (entries_\d|reactions)/g)?.toSorted()).toEqual([
          ...PARTITIONS.flatMap((n) => Array(2).fill(`Index Scan using entries_${n}_pkey on entries_${n}`)),
          "Index Scan using reactions_pkey on reactions",
          "Index Scan using reactions_pkey on reactions",
        ]);
        expect(withEvents.match(/Index Cond: \(\(room = \S+\) AND \(seq = /g)).toHaveLength(
          2 * PARTITIONS.length + 2,
        );
        expect(known.match(/Scan.* on entries/g)).toHaveLength(PARTITIONS.length);
        for (const n of PARTITIONS)
          expect(known).toContain(`Index Scan using entries_${n}_key on entries_${n} m`);
        // A nested loop would compare each room with each, or each entry with each room.
        expect(write).not.toMatch(/Nested Loop/);
      }
    }
    await single.close();
    // A million rows take a while on a slow disk.
  }, 150_000);
});
