import { Listener } from "@parley/bench/chaos/listener";
import { Sender } from "@parley/bench/chaos/sender";
import type { Account } from "@parley/devstack/accounts";
import { sleep } from "@parley/runtime/deadline";
import { afterAll, expect, it } from "vitest";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

/** The promise is for 41,800; `RECEIPTS=41800` runs it with as many, and compares the times to an ack. */
const RECEIPTS = Number(process.env.RECEIPTS ?? 6_000);
const IS_LONG = RECEIPTS > 6_000;
const BURST = 500;
const PROBES = 100;

const parley = await Parley.start();
afterAll(() => parley.stop());
const [alice, bob] = await parley.people("alice", "bob");

/** The 99th percentile of the time to an ack, ms, of messages without a receipt, one every 20 ms. */
async function ackP99(who: Account): Promise<number> {
  const socket = await FrameSocket.open(parley.producerSocket, who.token);
  const times: number[] = [];
  for (let i = 0; i < PROBES; i += 1) {
    const began = performance.now();
    socket.send({ room: "probe", body: "probe" });
    await socket.next("ack");
    times.push(performance.now() - began);
    await sleep(20);
  }
  socket.close();
  return times.toSorted((a, b) => a - b)[Math.floor(PROBES * 0.99)] as number;
}

it(`A: ${RECEIPTS} receipts that wait while Postgres is away keep no ack back, and all come within 2 s once it is back`, async () => {
  const quiet = await ackP99(bob);
  await parley.stack.service("postgres").stop();
  using socket = await FrameSocket.open(parley.producerSocket, alice.token);
  const count = (type: string) => socket.frames.filter((frame) => frame.type === type).length;
  for (let sent = 0; sent < RECEIPTS; ) {
    for (const end = Math.min(sent + BURST, RECEIPTS); sent < end; sent += 1)
      socket.send({ room: "waiting", body: `m${sent}`, receipt: "stored" });
    await until("all are acknowledged", () => count("ack") === sent);
  }
  const waiting = await ackP99(bob);
  expect(count("stored")).toBe(0);
  const ready = async () => (await fetch(`${parley.url("ws-consumer")}/health/ready`)).ok;
  await parley.stack.service("postgres").startReady();
  await until("the consumer is ready", ready);
  const began = performance.now();
  await until("all are stored", () => count("stored") === RECEIPTS);
  const tookMs = performance.now() - began;
  process.stdout.write(
    `acks p99: quiet ${quiet.toFixed(1)} ms, while ${RECEIPTS} wait ${waiting.toFixed(1)} ms; caught up after ${tookMs.toFixed(0)} ms\n`,
  );
  expect(tookMs).toBeLessThan(2_000);
  // A time for machines that do nothing else. Below 20 ms the difference is noise. That waiting receipts cost nothing
  // is what stored-receipts.test.ts of the producer counts on each run.
  if (IS_LONG) expect(waiting).toBeLessThan(Math.max(20, 3 * quiet));
  expect(socket.frames.some(({ type }) => type === "error")).toBe(false);
  const seqs = socket.frames.filter(({ type }) => type === "stored").map(({ seq }) => Number(seq));
  expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: RECEIPTS }, (_, i) => i + 1));
});

it("acknowledges while Postgres is down for 20 s, and delivers afterwards", async () => {
  using listener = new Listener(parley.consumerSocket, alice, ["outage"]);
  await until("the listener is there", () => listener.connects === 1);
  using sender = new Sender(parley.producerSocket, alice);
  await sender.send("outage", "before", "before");
  await until("it is delivered", () => listener.head("outage") === 1);
  await parley.stack.service("postgres").stop();
  const down = performance.now();
  let sent = 0;
  while (performance.now() - down < 20_000) {
    await sender.send("outage", `down${sent}`, "while Postgres is down");
    sent += 1;
    await sleep(100);
  }
  expect(sent).toBeGreaterThan(100);
  expect(listener.head("outage")).toBe(1);
  await parley.stack.service("postgres").start();
  await until("all are delivered", () => listener.head("outage") === sent + 1);
  expect(listener.anomalies).toEqual([]);
  expect((await parley.history("outage", alice.token)).map(({ id }) => id)).toEqual([
    "before",
    ...Array.from({ length: sent }, (_, i) => `down${i}`),
  ]);
});
