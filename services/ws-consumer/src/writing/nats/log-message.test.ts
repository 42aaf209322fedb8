import { headers, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectTest, startTestLog, type TestLog } from "../writers-fixture.ts";
import { headerOf, headersOf, wireOf } from "./log-message.ts";

let log: TestLog;
let nats: NatsConnection;

beforeAll(async () => {
  log = await startTestLog();
  nats = await connectTest(log.server.url);
});

afterAll(async () => {
  await nats?.close();
  await log?.stop();
});

type Sent = Readonly<{ subject?: string; head?: Record<string, string[]>; reply?: string; payload?: string }>;

/** Sends messages without waiting, so that several are in one read buffer; returns them as they arrive. */
async function arrived(sent: readonly Sent[]): Promise<Msg[]> {
  const messages: Msg[] = [];
  const subscription = nats.subscribe("wire.>", {
    callback: (_error, msg) => {
      messages.push(msg);
    },
  });
  for (const { subject = "wire.a", head, reply, payload = "{}" } of sent) {
    const all = headers();
    for (const [name, values] of Object.entries(head ?? {}))
      for (const value of values) all.append(name, value);
    nats.publish(subject, payload, { ...(head && { headers: all }), ...(reply && { reply }) });
  }
  await nats.flush();
  subscription.unsubscribe();
  return messages;
}

const wireOfMsg = (msg: Msg) => wireOf(msg, msg.data);

describe("the wire of a log message", () => {
  const receipt = { "Nats-Msg-Id": ["1"], "Parley-Receipt": ["receipt.me.1", "receipt.me.2"] };
  const kinds: Record<string, Sent> = {
    "no header": {},
    "no header, after one with a receipt": {},
    "no header, but a reply": { reply: "answer.me" },
    "one header": { head: { "Nats-Msg-Id": ["1"] }, reply: "answer.me" },
    "a value twice": { head: receipt },
    "a reply": { head: receipt, reply: "answer.me" },
    "a value that is not ASCII": { head: { Name: ["Zoë 👍"] } },
    "an empty payload": { head: receipt, payload: "" },
    "an empty payload without a header": { payload: "" },
    "a subject that is not ASCII": { subject: "wire.zoë", head: receipt, payload: "é" },
    "a subject that is not ASCII, without a header": { subject: "wire.zoë", payload: "é" },
    "a payload that comes in many reads": { head: receipt, payload: "x".repeat(900_000) },
  };
  const sent = Object.values(kinds).flatMap((one): Sent[] => [one, { head: receipt }, one]);

  it("has the headers that the library decodes, and the payload", async () => {
    const messages = await arrived(sent);
    expect(messages).toHaveLength(sent.length);
    messages.forEach((msg, i) => {
      const wire = wireOfMsg(msg);
      const read = Object.fromEntries(msg.headers ?? []);
      expect(headersOf(wire)).toEqual(read);
      expect(read).toEqual(sent[i]?.head ?? {});
      expect(headerOf(wire, "Parley-Receipt")).toBe(sent[i]?.head?.["Parley-Receipt"]?.[0]);
      expect(wire.bytes.subarray(wire.headLength).toString()).toBe(sent[i]?.payload ?? "{}");
    });
  });

  it("has no header whose name is only part of another name or of a value", async () => {
    const head = { "X-Parley-Receipt": ["receipt.me.1"], Name: ["Parley-Receipt"] };
    const [msg] = await arrived([{ head }]);
    expect(headerOf(wireOfMsg(msg as Msg), "Parley-Receipt")).toBeUndefined();
  });
});
