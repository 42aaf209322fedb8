import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { entryText, Sender, startTestLog, type TestLog } from "../../writers-fixture.ts";
import { openLogReading } from "./log-reading.ts";

let log: TestLog;
let sender: Sender;

beforeAll(async () => {
  log = await startTestLog();
  sender = await Sender.connect(log.server.url, 1);
  await sender.makeStreams();
});

afterAll(async () => {
  await sender?.nats.close();
  await log?.stop();
});

test("one request is out at a time, however many were filled", async () => {
  const { jsm, nats } = sender;
  const reading = await openLogReading({ nats, jsm, shard: 0, shards: 1 }, 0);
  const seqs: number[] = [];
  const taken = (async () => {
    while (seqs.length < 12_000) {
      await reading.arrival();
      // In small pieces, so that requests are for what there is room for: from 1,000 to 2,000 entries.
      for (const { logSeq } of reading.take(300, 1_000_000)) seqs.push(logSeq);
    }
  })();
  for (let i = 0; i < 12_000; i += 1) nats.publish("chat.0.r", entryText({ room: "r", id: `m${i}` }));
  await taken;
  expect(seqs).toEqual(Array.from({ length: 12_000 }, (_, i) => i + 1));
  const [consumer] = await jsm.consumers.list("CHAT_0").next();
  await vi.waitFor(async () => {
    const { num_pending, num_waiting } = await jsm.consumers.info("CHAT_0", String(consumer?.name));
    expect({ num_pending, num_waiting }).toEqual({ num_pending: 0, num_waiting: 1 });
  });
  reading.close();
});
