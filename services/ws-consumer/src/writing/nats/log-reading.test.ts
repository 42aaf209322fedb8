import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { entryText, Sender, startTestLog, type TestLog } from "../writers-fixture.ts";
import { openLogReading } from "./log-reading.ts";

const WAIT_DEADLINE_MS = 20_000;

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

test("one pull request is open at a time, however many were filled", { timeout: 60_000 }, async () => {
  const { jsm, nats } = sender;
  for (let i = 0; i < 8_000; i += 200) {
    const some = Array.from({ length: 200 }, (_, n) => entryText({ room: "r", id: `m${i + n}` }));
    await Promise.all(some.map((text) => nats.request("chat.0.r", text, { timeout: 20_000 })));
  }
  const reading = await openLogReading({ nats, jsm, shard: 0, shards: 1, onClose: () => undefined }, 0);
  const seqs: number[] = [];
  while (seqs.length < 8_000) {
    await reading.arrival();
    // In small batches, so that pull requests vary from 1,000 to 2,000 entries.
    for (const { logSeq } of reading.take(300, 1_000_000)) seqs.push(logSeq);
  }
  expect(seqs).toEqual(Array.from({ length: 8_000 }, (_, i) => i + 1));
  const [consumer] = await jsm.consumers.list("CHAT_0").next();
  await vi.waitFor(async () => {
    const { num_pending, num_waiting } = await jsm.consumers.info("CHAT_0", String(consumer?.name));
    expect({ num_pending, num_waiting }).toEqual({ num_pending: 0, num_waiting: 1 });
  }, WAIT_DEADLINE_MS);
  reading.close();
});
