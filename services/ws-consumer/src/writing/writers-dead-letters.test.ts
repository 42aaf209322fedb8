import { shardOf } from "@parley/protocol/rooms";
import { afterAll, describe, expect, it } from "vitest";
import { entryText, startWriting } from "./writers-fixture.ts";

const SHARDS = 2;

const writing = await startWriting(SHARDS);
afterAll(() => writing.close());
const { database, sender, instance, untilWritten, idsIn } = writing;

describe("poison in the log", () => {
  const good = (id: string) => entryText({ room: "poison", id });
  const altered = (id: string, change: (entry: Record<string, unknown>) => object) =>
    JSON.stringify(change(JSON.parse(good(id))));
  const kinds: Record<string, string | Uint8Array> = {
    "no JSON": "{",
    "no UTF-8": Uint8Array.of(0x7b, 0xff, 0xfe),
    "no object": "[1]",
    "nothing at all": "",
    "another shape": '{"type":"message"}',
    "a NUL byte": altered("nul", (entry) => ({ ...entry, body: "a\0b" })),
    "a lone surrogate": altered("lone", (entry) => ({ ...entry, body: "a\ud800b" })),
    "a NUL in a name": altered("name", (entry) => ({ ...entry, author: { id: "u\0", username: "x" } })),
    "an author too long for the index": altered("long", (entry) => ({
      ...entry,
      author: { id: "x".repeat(9_000), username: "x" },
    })),
    "a room that is not the subject's": altered("room", (entry) => ({ ...entry, room: "other" })),
    "no time": altered("time", (entry) => ({ ...entry, at: "yesterday" })),
    "a time that only Postgres refuses": altered("zero", (entry) => ({
      ...entry,
      at: "0000-01-01T00:00:00.000Z",
    })),
    "one megabyte": "x".repeat(1_000_000),
  };

  it("becomes a dead letter with its reason, without affecting the entries around it", async () => {
    const restarts = instance.writers.counters.restarts;
    let i = 0;
    for (const payload of Object.values(kinds)) {
      sender.send({ room: "poison", id: "" }, good(`before-${i}`));
      sender.send({ room: "poison", id: "" }, payload);
      i += 1;
    }
    sender.send({ room: "poison", id: "" }, good("end"));
    await untilWritten();
    expect(await idsIn("poison")).toEqual([...Object.keys(kinds).map((_, n) => `before-${n}`), "end"]);
    const dead = await database.query<{ reason: string; payload: Buffer; subject: string }>(
      "select reason, payload, subject from chat.dead_letters order by log_seq",
    );
    expect(dead.map(({ payload }) => payload.toString("hex"))).toEqual(
      Object.values(kinds).map((payload) => Buffer.from(payload).toString("hex")),
    );
    expect(dead.every(({ subject }) => /^chat\.\d\.poison$/.test(subject))).toBe(true);
    expect(dead.filter(({ reason }) => reason.startsWith("Postgres: "))).toHaveLength(1);
    expect(instance.writers.counters.restarts).toBe(restarts);
  });

  it("becomes a dead letter out of a pack as well, each entry by itself", async () => {
    const { restarts, deadLetters } = instance.writers.counters;
    const shard = shardOf("poison", SHARDS);
    const lines = Object.values(kinds).filter((line) => typeof line === "string");
    const pack = lines.flatMap((line, n) => [good(`packed-${n}`), line]);
    sender.sendPack(
      shard,
      [...pack, good("packed-end")].map((payload) => ({ payload })),
    );
    await untilWritten();
    const stored = [...lines.map((_, n) => `packed-${n}`), "packed-end"];
    expect((await idsIn("poison")).slice(-stored.length)).toEqual(stored);
    // A pack may hold any room of its shard, so that one is poison only if its room belongs to another shard.
    const refused = lines.filter(
      (line) => !line.includes('"room":"other"') || shardOf("other", SHARDS) !== shard,
    );
    expect(instance.writers.counters.deadLetters - deadLetters).toBe(refused.length);
    expect(instance.writers.counters.restarts).toBe(restarts);
    const dead = await database.query<{ payload: Buffer; subject: string; log_seq: number }>(
      "select payload, subject, log_seq from chat.dead_letters where subject like '%._pack' order by id",
    );
    expect(dead.map(({ payload }) => payload.toString()).sort()).toEqual([...refused].sort());
    expect(new Set(dead.map(({ log_seq }) => log_seq)).size).toBe(1);
  });
});
