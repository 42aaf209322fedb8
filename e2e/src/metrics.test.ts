import { Sender } from "@parley/bench/chaos/sender";
import { FRAMES } from "@parley/protocol/frame-table";
import { VERSION } from "@parley/runtime/version";
import { afterAll, expect, test } from "vitest";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";
import { type Scrape, scrape } from "./scrape.ts";

/** Series that a process may have: more would cost Prometheus more than the process. */
const SERIES_MAX = 1_500;

const parley = await Parley.start({ services: ["auth", "ws-producer", "ws-consumer", "web"] });
afterAll(() => parley.stop());
const { AUTH_METRICS_PORT, PRODUCER_METRICS_PORT, CONSUMER_METRICS_PORT, WEB_METRICS_PORT } =
  parley.stack.ports;
const alice = await parley.person("alice");

const producer = () => scrape(PRODUCER_METRICS_PORT);
const consumer = () => scrape(CONSUMER_METRICS_PORT);

test("label values are there before anything happened, and no process has more than 1,500 series", async () => {
  const [auth, sends, listens, web] = await Promise.all(
    [AUTH_METRICS_PORT, PRODUCER_METRICS_PORT, CONSUMER_METRICS_PORT, WEB_METRICS_PORT].map(scrape),
  );
  expect(sends?.value('parley_sends_total{result="overloaded"}')).toBe(0);
  expect(listens?.value('parley_deliveries_total{kind="repaired"}')).toBe(0);
  expect(auth?.value('parley_auth_calls_total{call="refresh",result="session_revoked"}')).toBe(0);
  expect(web?.value(`parley_build_info{version="${VERSION}"}`)).toBe(1);
  for (const shard of [0, 1, 2, 3]) {
    expect(listens?.value(`parley_lease_held{shard="${shard}"}`)).toBe(1);
    expect(sends?.value(`parley_log_replicas_current{shard="${shard}"}`)).toBe(1);
    expect(sends?.value(`parley_lane_open{shard="${shard}"}`)).toBe(1);
  }
  for (const { series } of [auth, sends, listens, web] as Scrape[]) expect(series).toBeLessThan(SERIES_MAX);
});

test("a message is counted on its whole way, and a fault is too", async () => {
  using sender = new Sender(parley.producerSocket, alice);
  using listener = await FrameSocket.listen(parley.consumerSocket, alice.token, "general");
  await sender.send("general", "m1", "counted");
  await listener.next("message");
  const [sent, heard] = await Promise.all([producer(), consumer()]);
  expect(sent.value('parley_sends_total{result="accepted"}')).toBe(1);
  expect(sent.value('parley_frames_received_total{type="message",result="ok"}')).toBe(1);
  expect(sent.value('parley_frames_sent_total{type="ack"}')).toBe(1);
  expect(sent.value('parley_handshakes_total{result="ok"}')).toBeGreaterThan(0);
  for (const name of ["send_ack_seconds", "log_publish_seconds", "log_pack_entries"])
    expect(sent.value(`parley_${name}_count`), name).toBe(1);
  for (const name of ["writer_batch_entries", "writer_commit_seconds", "publish_to_deliver_seconds"])
    expect(heard.value(`parley_${name}_count`), name).toBe(1);
  expect(heard.value('parley_deliveries_total{kind="live"}')).toBe(1);
  expect(heard.value('parley_frames_sent_total{type="message"}')).toBe(1);
  expect(heard.value('parley_resumes_total{outcome="live"}')).toBe(1);
  expect(heard.value("parley_resume_seconds_count")).toBe(1);
  expect(heard.value("parley_connections")).toBe(1);
  await listener.close();
  await until("the close is counted", async () => (await consumer()).value("parley_connections") === 0);
  expect((await consumer()).value('parley_closes_total{code="1005"}')).toBe(1);
  const refused = await FrameSocket.open(parley.producerSocket, alice.token);
  refused.send({ type: "message", room: "general" });
  await refused.next("error");
  const after = await producer();
  expect(after.value('parley_frames_received_total{type="message",result="bad_frame"}')).toBe(1);
  expect(after.value('parley_frames_received_total{type="unreadable",result="bad_frame"}')).toBe(0);
  refused.close();
});

test("sent frames have the types that the document of the service has", async () => {
  const typesOf = (scraped: Scrape) =>
    scraped.names
      .filter((name) => name.startsWith("parley_frames_sent_total{"))
      .map((name) => name.split('"')[1])
      .sort();
  const documented = (service: "producer" | "consumer") =>
    [
      ...new Set(FRAMES[service].sends.map(({ frame }) => (frame as never as Sent).properties.type.const)),
    ].sort();
  type Sent = { properties: { type: { const: string } } };
  expect(typesOf(await producer())).toEqual(documented("producer"));
  expect(typesOf(await consumer())).toEqual(documented("consumer"));
});

test("while Postgres is away the writers fall behind, statements fail, and readiness says which dependency it is", async () => {
  using sender = new Sender(parley.producerSocket, alice);
  await parley.stack.service("postgres").stop();
  await sender.send("general", "m2", "waits");
  await until("the lag grows", async () => (await lagOf()) > 0.5);
  const away = await consumer();
  expect(away.value('parley_ready{check="postgres"}')).toBe(0);
  expect(away.value('parley_db_errors_total{class="away"}')).toBeGreaterThan(0);
  expect(away.value("parley_writer_restarts_total")).toBeGreaterThan(0);
  await parley.stack.service("postgres").start();
  await until("the lag is gone", async () => (await lagOf()) === 0);
});

async function lagOf(): Promise<number> {
  const scraped = await consumer();
  return Math.max(
    ...[0, 1, 2, 3].map((shard) => scraped.value(`parley_writer_lag_seconds{shard="${shard}"}`)),
  );
}
