import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { makeLogins, type NatsUser } from "@parley/devstack/logins";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { streamConfig } from "@parley/protocol/log";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLog } from "./log.ts";
import { connectNats, inboxOf } from "./nats.ts";

const { nats: passwords } = makeLogins();
const SERVICES = ["auth", "ws-producer", "ws-consumer"] as const;
/** How long a message that must not arrive is waited for, ms. */
const SILENCE_MS = 150;

let dataDir: string;
let server: NatsServer;
const open = new Map<NatsUser, NatsConnection>();
const as = (user: NatsUser) => open.get(user) as NatsConnection;

beforeAll(async () => {
  dataDir = await makeTempDir("nats-users");
  server = await startNats({ dataDir, passwords });
  for (const user of ["operator", ...SERVICES] as const) {
    const log = createLog("test", "silent");
    open.set(user, await connectNats({ url: server.url, name: user, user, password: passwords[user], log }));
  }
  const jsm = await jetstreamManager(as("ws-consumer"), { checkAPI: false });
  await jsm.streams.add(streamConfig(0, 1, 1, 1_048_576));
});
afterAll(async () => {
  for (const connection of open.values()) await connection.close();
  await server?.stop();
});

/** Errors that NATS reports on this user's connection after an attempt. */
async function reportsOf(user: NatsUser, attempt: (nats: NatsConnection) => void): Promise<string[]> {
  const reports: string[] = [];
  const statuses = as(user).status();
  void (async () => {
    for await (const status of statuses) if (status.type === "error") reports.push(status.error.message);
  })();
  attempt(as(user));
  await as(user).flush();
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  (statuses as unknown as { stop?: () => void }).stop?.();
  return reports;
}

it("refuses a login without a password, with a wrong one, or with another user's", async () => {
  for (const login of [
    {},
    { user: "ws-consumer" },
    { user: "ws-consumer", pass: "wrong" },
    { user: "ws-consumer", pass: passwords["ws-producer"] },
    { user: "nobody", pass: passwords.operator },
  ]) {
    await expect(connect({ servers: server.url, reconnect: false, ...login })).rejects.toThrow(/Authoriz/i);
  }
});

it("lets each service do its work", async () => {
  const reported: string[] = [];
  for (const user of SERVICES) reported.push(...(await reportsOf(user, () => undefined)));
  const ack = await jetstream(as("ws-producer")).publish("chat.0.general", "one");
  expect(ack.seq).toBe(1);
  const consumer = await jetstreamManager(as("ws-consumer"), { checkAPI: false });
  await consumer.streams.update("CHAT_0", { max_bytes: 2_097_152 });
  expect(await consumer.streams.getMessage("CHAT_0", { seq: 1 })).toMatchObject({ seq: 1 });
  await consumer.consumers.add("CHAT_0", { name: "w1", ack_policy: AckPolicy.None });
  await consumer.consumers.delete("CHAT_0", "w1");
  as("ws-consumer").subscribe("stored.ask", { callback: (_error, msg) => void msg.respond("42") });
  await as("ws-consumer").flush();
  const ask = { timeout: 1_000, noMux: true, reply: "answer.1" };
  expect((await as("ws-producer").request("stored.ask", "?", ask)).string()).toBe("42");
  const heard = new Promise((resolve) =>
    as("ws-producer").subscribe("auth.revoked", { callback: (_error, msg) => resolve(msg.string()) }),
  );
  await as("ws-producer").flush();
  as("auth").publish("auth.revoked", "s1");
  expect(await heard).toBe("s1");
  expect(reported).toEqual([]);
});

const rowsOf = (table: Readonly<Partial<Record<NatsUser, string>>>) =>
  Object.entries(table).flatMap(([user, subjects]) =>
    subjects.split(/\s+/).map((subject): [NatsUser, string] => [user as NatsUser, subject]),
  );

/** Subjects that each user may not publish to. */
const NOT_PUBLISHED: Readonly<Partial<Record<NatsUser, string>>> = {
  auth: "chat.0.general live.general stored.ask $JS.API.STREAM.INFO.CHAT_0 answer.1",
  "ws-producer": `live.general auth.revoked progress.0 $JS.API.STREAM.MSG.GET.CHAT_0
    $JS.API.DIRECT.GET.CHAT_0 $JS.API.CONSUMER.CREATE.CHAT_0
    $JS.API.CONSUMER.MSG.NEXT.CHAT_0.w1 $JS.API.STREAM.PURGE.CHAT_0
    $JS.API.STREAM.UPDATE.CHAT_0 $JS.API.STREAM.DELETE.CHAT_0 _INBOX_ws-consumer.x presence
    $KV.ROOMS.general $JS.API.STREAM.PURGE.KV_ROOMS answer.1`,
  "ws-consumer": `typing.general stored.ask _INBOX_ws-producer.x auth.revoked $JS.API.STREAM.DELETE.CHAT_0
    $JS.API.STREAM.MSG.DELETE.CHAT_0`,
};

it.each(rowsOf(NOT_PUBLISHED))("%s may not publish to %s, and gets an error", async (user, subject) => {
  const reports = await reportsOf(user, (nats) => nats.publish(subject, "{}"));
  expect(reports).toEqual([expect.stringMatching(/permissions violation/i)]);
});

/** Subjects that each user may not subscribe to. */
const NOT_HEARD: Readonly<Partial<Record<NatsUser, string>>> = {
  auth: "> auth.revoked answer.*",
  "ws-producer": "chat.> live.* _INBOX_ws-consumer.> _INBOX.>",
  "ws-consumer": "chat.> _INBOX_ws-producer.> answer.* $JS.>",
};

it.each(rowsOf(NOT_HEARD))("%s may not subscribe to %s, and gets an error", async (user, subject) => {
  const heard: unknown[] = [];
  const errors: unknown[] = [];
  const reports = await reportsOf(user, (nats) => {
    nats.subscribe(subject, { callback: (error, msg) => void (error ? errors : heard).push(error ?? msg) });
  });
  as("operator").publish(subject.replace(/[>*]$/, "x"), "secret");
  await as("operator").flush();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(heard).toEqual([]);
  expect([...reports, ...errors.map(String)].join()).toMatch(/permissions violation/i);
});

it("leaves the log as it was after all these attempts", async () => {
  const jsm = await jetstreamManager(as("operator"), { checkAPI: false });
  const { state, config } = await jsm.streams.info("CHAT_0");
  expect(state).toMatchObject({ messages: 1, last_seq: 1, consumer_count: 0 });
  expect(config.max_bytes).toBe(2_097_152);
});

it("writes a refused subject into the service's log as an error", async () => {
  const lines: object[] = [];
  const log = { ...createLog("test", "silent"), error: (facts: object) => void lines.push(facts) };
  const nats = await connectNats({
    url: server.url,
    name: "auth",
    user: "auth",
    password: passwords.auth,
    log: log as unknown as ReturnType<typeof createLog>,
  });
  nats.publish("chat.0.general", "x");
  nats.subscribe("live.*");
  await nats.flush();
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  expect(lines.length).toBeGreaterThanOrEqual(2);
  expect(inboxOf(nats)).toMatch(/^_INBOX_auth\./);
  await nats.close();
});
