import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { withConnection } from "@parley/devstack/database";
import { findFreePort } from "@parley/devstack/ports";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { startJaeger } from "@parley/operate/jaeger";
import { afterAll, expect, it } from "vitest";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

type Context = Readonly<{ traceId: string; spanId: string }>;
type Span = Context &
  Readonly<{ parentSpanId?: string; name: string; links?: readonly Context[]; service: string }>;
type Exported = Readonly<{
  resourceSpans: readonly {
    resource: { attributes: readonly { key: string; value: { stringValue?: string } }[] };
    scopeSpans: readonly { spans: readonly Omit<Span, "service">[] }[];
  }[];
}>;

const jaegerReceiver = `127.0.0.1:${await findFreePort()}`;
/** A Jaeger if this machine has one; building it takes too long for a test (`make observe` does). */
const jaeger = await startJaeger({
  env: process.env,
  dataDir: await makeTempDir("jaeger"),
  receiver: jaegerReceiver,
  port: await findFreePort(),
  isFetched: false,
}).catch((error: { code?: string }) => {
  if (error.code !== "PROGRAM_MISSING") throw error;
  return undefined;
});

const spans: Span[] = [];
/** A receiver of OTLP JSON over HTTP, which passes it on. */
const receiver = createServer(async (request, response) => {
  const exported = await buffer(request);
  if (jaeger !== undefined) {
    const headers = { "content-type": "application/json" };
    const passed = { method: "POST", headers, body: exported };
    const { ok } = await fetch(`http://${jaegerReceiver}/v1/traces`, passed);
    if (!ok) throw new Error("Jaeger takes no traces");
  }
  const { resourceSpans } = JSON.parse(exported.toString()) as Exported;
  for (const { resource, scopeSpans } of resourceSpans) {
    const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
    for (const scope of scopeSpans) for (const span of scope.spans) spans.push({ ...span, service });
  }
  response.setHeader("content-type", "application/json").end("{}");
});
await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
const parley = await Parley.start({
  env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT, TRACES_RATIO: "1" },
});
afterAll(async () => {
  await parley.stop();
  receiver.close();
  await jaeger?.stop();
});
const [alice] = await parley.people("alice");

/** The trace of the first message, from its row alone. */
async function traceOfRow(): Promise<string | undefined> {
  const [row] = await withConnection(
    parley.stack.databaseUrl,
    (sql) => sql<{ trace: string }[]>`
      select replace(chat.entry_key(room, author_id, type, client_id)::text, '-', '') as trace
      from chat.entries where room = 'general' and seq = 1`,
  );
  return row?.trace;
}

it("a message's row leads to one trace with all its spans, and a caller's own trace is linked", async () => {
  using listener = await FrameSocket.open(parley.consumerSocket, alice.token);
  listener.send({ type: "subscribe", room: "general" });
  await listener.next("subscribed");
  const cause = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
  const answer = await fetch(`${parley.url("ws-producer")}/api/v1/rooms/general/messages`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${alice.token}`,
      "content-type": "application/json",
      traceparent: `00-${cause.traceId}-${cause.spanId}-01`,
    },
    body: JSON.stringify({ body: "Grüße", id: "schräg/\\1" }),
  });
  expect(answer.status).toBe(201);
  await listener.next("message");
  const trace = await traceOfRow();
  const ofTrace = () => spans.filter(({ traceId }) => traceId === trace);
  await until("all spans of the message have come", () => ofTrace().length >= 4);
  const root = ofTrace().find(({ name }) => name === "frame");
  expect(root).toMatchObject({ service: "ws-producer", links: [cause] });
  expect(ofTrace().map(({ name, service }) => [name, service])).toEqual(
    expect.arrayContaining([
      ["frame", "ws-producer"],
      ["ack", "ws-producer"],
      ["store", "ws-consumer"],
      ["deliver", "ws-consumer"],
    ]),
  );
  for (const { name, parentSpanId } of ofTrace())
    expect(parentSpanId ?? "").toBe(name === "frame" ? "" : root?.spanId);
  for (const name of ["pack", "batch"]) {
    const about = spans.filter(
      (span) => span.name === name && span.links?.some((one) => one.traceId === trace),
    );
    expect(about).toHaveLength(1);
    expect(about[0]?.traceId).not.toBe(trace);
  }
});

/** What Jaeger's query API answers. */
type Found = Readonly<{
  data: readonly { traceID: string; spans: readonly { operationName: string }[] }[];
}>;

const whyNot = jaeger === undefined ? " (skipped: no Jaeger here yet, `make observe` builds one)" : "";
it.skipIf(jaeger === undefined)(
  `Jaeger finds a message's trace by its id, and by room and number${whyNot}`,
  async () => {
    const ask = async (path: string) => (await (await fetch(`${jaeger?.url}${path}`)).json()) as Found;
    const tags = JSON.stringify({ "parley.room": "general", "parley.seq": "1" });
    const query = new URLSearchParams({ service: "ws-consumer", operation: "store", tags });
    const { data } = await ask(`/api/traces?${query}`);
    expect(data.map(({ traceID }) => traceID)).toEqual([await traceOfRow()]);
    const [trace] = (await ask(`/api/traces/${await traceOfRow()}`)).data;
    const names = trace?.spans.map(({ operationName }) => operationName);
    expect(names).toEqual(expect.arrayContaining(["frame", "ack", "store", "deliver"]));
    const page = await (await fetch(`${jaeger?.url}/trace/${await traceOfRow()}`)).text();
    expect(page).toContain("<html");
  },
);
