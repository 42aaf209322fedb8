import { LogMessage } from "@parley/protocol/message";
import { STORED_SUBJECT } from "@parley/protocol/subjects";
import { Compile } from "typebox/compile";
import { afterAll, describe, expect, it } from "vitest";
import { answerStored } from "./nats/stored-responder.ts";
import { startWriting, until } from "./writers-fixture.ts";

const SHARDS = 2;

const writing = await startWriting(SHARDS);
afterAll(() => writing.close());
const { database, history, sender, instance, live, untilWritten, idsIn } = writing;

describe("the writers", () => {
  it("number the entries of each room 1, 2, 3 …, with the same frames live as in history", async () => {
    for (let i = 0; i < 900; i += 1) sender.send({ room: `order-${i % 7}`, id: `m${i}` });
    await untilWritten();
    for (let room = 0; room < 7; room += 1) {
      const name = `order-${room}`;
      const expected = Array.from({ length: 900 }, (_, i) => i).filter((i) => i % 7 === room);
      const page = await history.page(name, { after: 0, limit: 5_000 });
      expect(page.map(({ seq }) => seq)).toEqual(expected.map((_, i) => i + 1));
      expect(page.map(({ id }) => id)).toEqual(expected.map((i) => `m${i}`));
      const frames = live.get(name) ?? new Map();
      expect(page.map(({ seq }) => JSON.parse(frames.get(seq)))).toEqual(page);
      expect((await history.replay(name, 0, 3, 10)).map((frame) => JSON.parse(frame))).toEqual(
        page.slice(0, 3),
      );
      expect(await history.heads([name, "nowhere"])).toEqual(new Map([[name, expected.length]]));
    }
  });

  it("store a message once, however often it is sent, in one batch or in many", async () => {
    for (let round = 0; round < 20; round += 1) {
      for (let i = 0; i < 10; i += 1) sender.send({ room: "again", id: `m${i}` });
      if (round % 5 === 0) await untilWritten();
    }
    sender.send({ room: "again", id: "m0", author: "somebody-else" });
    sender.send({ room: "again", id: "last" });
    await untilWritten();
    const ids = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m0", "last"];
    expect(await idsIn("again")).toEqual(ids);
    expect((await history.page("again", { after: 0, limit: 50 })).map(({ seq }) => seq)).toEqual(
      ids.map((_, i) => i + 1),
    );
    const entries = ["u1", "u2"].map((userId) => ({ room: "again", userId, id: "m3" }));
    expect(await history.findStored(entries)).toEqual([4, null]);
  });

  it("answer each receipt with the seq, also for a message that was stored before", async () => {
    const receipts: unknown[] = [];
    sender.nats.subscribe("receipt.test", {
      callback: (_error, msg) => {
        receipts.push(msg.json());
      },
    });
    const ask = (id: string) => sender.send({ room: "receipts", id, receipt: "receipt.test" });
    for (const id of ["a", "b", "a"]) ask(id);
    await untilWritten();
    ask("b");
    await untilWritten();
    await until("receipts", () => receipts.length === 4);
    const said = (id: string, seq: number) => ({ id, room: "receipts", seq });
    expect(receipts.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
      said("a", 1),
      said("a", 1),
      said("b", 2),
      said("b", 2),
    ]);
  });

  it("read messages that exceed the read-ahead in bytes", async () => {
    const body = "é".repeat(2_000);
    for (let i = 0; i < 2_500; i += 1) sender.send({ room: "large", id: `m${i}`, body });
    await untilWritten();
    expect(await idsIn("large")).toEqual(Array.from({ length: 2_500 }, (_, i) => `m${i}`));
    expect(live.get("large")?.size).toBe(2_500);
    // A pull request that ends because of its byte limit is no interruption.
    expect(instance.reports.filter((report) => report.includes("409"))).toEqual([]);
  });

  it("answer producers that ask whether a message is stored", async () => {
    sender.send({ room: "asked", id: "there" });
    await untilWritten();
    const stop = answerStored(sender.nats, history.findStored, () => undefined);
    const ask = async (ids: string[], reply: string, timeout = 20_000) => {
      const question = JSON.stringify({ entries: ids.map((id) => ({ room: "asked", userId: "u1", id })) });
      return (await sender.nats.request(STORED_SUBJECT, question, { timeout, noMux: true, reply })).json();
    };
    expect(await ask(["missing", "there"], "answer.1")).toEqual([null, 1]);
    await expect(
      ask(["there"], "live.asked", 500),
      "a reply subject outside answer. gets no answer",
    ).rejects.toThrow();
    stop();
  });

  it("page through history before, after and around a seq", async () => {
    for (let i = 1; i <= 9; i += 1) sender.send({ room: "pages", id: `m${i}` });
    await untilWritten();
    const seqs = async (query: object) =>
      (await history.page("pages", { limit: 3, ...query })).map(({ seq }) => seq);
    expect(await seqs({})).toEqual([7, 8, 9]);
    expect(await seqs({ before: 7 })).toEqual([4, 5, 6]);
    expect(await seqs({ after: 4 })).toEqual([5, 6, 7]);
    expect(await seqs({ around: 5 })).toEqual([4, 5, 6]);
  });

  it("store what is only unusual, with the same frame live as in history", async () => {
    const at = "2026-11-21T12:00:00.000Z";
    const author = { id: "u1", username: "u1" };
    const odd = [
      JSON.stringify({ type: "message", room: "odd", id: "pretty", author, body: "x", at }, null, 2),
      JSON.stringify({
        seq: 99,
        type: "message",
        room: "odd",
        id: "extra",
        author,
        body: "x",
        at,
        more: [1],
      }),
      JSON.stringify({
        type: "message",
        room: "odd",
        id: "zone",
        author,
        body: "é\u2028",
        at: "2026-11-21T13:00+01:00",
      }),
      `{"type":"message","room":"odd","id":"twice","author":{"id":"u1","username":"u1"},"body":"a","at":"${at}","body":"b"}`,
      `{"type":"message","room":"odd","id":"float","author":{"id":"u1","username":"u1"},"body":"c","at":"${at}","replyTo":99.0}`,
    ];
    for (const payload of odd) sender.send({ room: "odd", id: "" }, payload);
    await untilWritten();
    const page = await history.page("odd", { after: 0, limit: 10 });
    expect(page.map(({ id }) => id)).toEqual(["pretty", "extra", "zone", "twice", "float"]);
    expect(page.map(({ seq }) => JSON.parse(live.get("odd")?.get(seq) ?? "null"))).toEqual(page);
    const schema = Compile(LogMessage);
    expect(page.every((frame) => schema.Check(frame))).toBe(true);
    expect(page.map(({ body }) => body)).toEqual(["x", "x", "é\u2028", "b", "c"]);
  });

  it("clear the text and the optional content of a message that is deleted", async () => {
    const room = "optional";
    sender.send({ room, id: "p" });
    await untilWritten();
    await database.query(`update chat.entries set extra = '{"level":3,"a":[1]}' where room = $1`, [room]);
    const [shown] = await history.page(room, { after: 0, limit: 10 });
    expect(shown).toMatchObject({ seq: 1, level: 3, a: [1] });
    const author = { id: "u1", username: "u1" };
    const deletion = {
      type: "message_deleted",
      room,
      id: "d",
      author,
      at: "2026-11-29T12:00:00.000Z",
      target: 1,
    };
    sender.send({ room, id: "d" }, JSON.stringify(deletion));
    await untilWritten();
    const [gone] = await history.page(room, { after: 0, limit: 10 });
    expect(gone).toMatchObject({ seq: 1, body: "" });
    expect(gone).not.toHaveProperty("level");
  });
});
