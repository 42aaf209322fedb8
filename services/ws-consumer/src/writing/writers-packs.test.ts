import { PACK_ENTRIES_MAX } from "@parley/protocol/pack";
import { shardOf } from "@parley/protocol/rooms";
import { afterAll, describe, expect, it } from "vitest";
import { entryText, startWriting, until } from "./writers-fixture.ts";

const SHARDS = 2;

const writing = await startWriting(SHARDS);
afterAll(() => writing.close());
const { database, sender, instance, live, untilWritten, idsIn } = writing;

describe("a pack", () => {
  const packed = (room: string, id: string) => ({ payload: entryText({ room, id }) });
  /** Two rooms of one shard. */
  const [one, two] = Array.from({ length: 50 }, (_, i) => `packed-${i}`).filter(
    (room) => shardOf(room, SHARDS) === 0,
  ) as [string, string];

  it("is stored and delivered in the order of its lines, for any rooms", async () => {
    sender.sendPack(0, [packed(one, "a"), packed(two, "b"), packed(one, "c"), packed(two, "d")]);
    await untilWritten();
    expect(await idsIn(one)).toEqual(["a", "c"]);
    expect(await idsIn(two)).toEqual(["b", "d"]);
    await until("delivered", () => live.get(two)?.size === 2);
    expect([...(live.get(one)?.values() ?? [])].map((frame) => JSON.parse(frame).id)).toEqual(["a", "c"]);
  });

  it("adds no entry that is stored already, alone, in another pack or earlier in the same", async () => {
    const { duplicates } = instance.writers.counters;
    sender.send({ room: one, id: "e" });
    sender.sendPack(0, [packed(one, "a"), packed(one, "e"), packed(one, "f"), packed(one, "f")]);
    await untilWritten();
    expect(await idsIn(one)).toEqual(["a", "c", "e", "f"]);
    expect(instance.writers.counters.duplicates - duplicates).toBe(3);
  });

  it("is completed if parts of it were stored before, as after a crash between two parts", async () => {
    const refused = entryText({ room: one, id: "refused" }).replace("2026-", "0000-").replace("-21T", "-01T");
    const parts = [packed(one, "part-1"), { payload: refused }, packed(one, "part-2"), packed(one, "part-3")];
    const { deadLetters } = instance.writers.counters;
    sender.send({ room: one, id: "part-1" });
    sender.send({ room: one, id: "part-3" });
    await untilWritten();
    sender.sendPack(0, parts);
    await untilWritten();
    expect((await idsIn(one)).slice(-3)).toEqual(["part-1", "part-3", "part-2"]);
    expect(instance.writers.counters.deadLetters - deadLetters).toBe(1);
    expect(await database.query("delete from chat.dead_letters returning 1")).toHaveLength(1);
  });

  it("with more entries than allowed becomes one dead letter", async () => {
    sender.sendPack(0, Array(PACK_ENTRIES_MAX + 1).fill({ payload: "" }));
    sender.sendPack(0, Array(PACK_ENTRIES_MAX).fill(packed(two, "b")));
    await untilWritten();
    const dead = await database.query<{ reason: string }>("delete from chat.dead_letters returning reason");
    expect(dead).toEqual([{ reason: "a pack of 501 entries, more than 500" }]);
    expect(await idsIn(two)).toEqual(["b", "d"]);
  });

  it("answers the receipt of each entry that has one", async () => {
    const inbox = "receipt.packs";
    const receipts = new Map<string, unknown>();
    sender.nats.subscribe(`${inbox}.*`, {
      callback: (_error, msg) => void receipts.set(msg.subject, msg.json()),
    });
    const wanted = (id: string) => ({ ...packed(one, id), receiptTo: `${inbox}.${id}` });
    sender.sendPack(0, [wanted("g"), packed(one, "h"), wanted("a")]);
    await until("receipts are there", () => receipts.size === 2);
    expect(receipts.get(`${inbox}.g`)).toMatchObject({ id: "g", seq: 8 });
    expect(receipts.get(`${inbox}.a`)).toMatchObject({ id: "a", seq: 1 });
  });
});
