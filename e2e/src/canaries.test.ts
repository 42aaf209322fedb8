import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectNats } from "@nats-io/transport-node";
import { openAccount } from "@parley/devstack/accounts";
import postgres from "postgres";
import { afterAll, expect, it } from "vitest";
import { ask, call } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, type ServiceUrl, until } from "./parley.ts";

/** Errors quote the first characters of unreadable input, so the logs are searched for pieces of each secret. */
const PIECE_LENGTH = 10;

/** Every secret used, by the place it was put into. None may appear in any log. */
const canaries = new Map<string, string>();

/** A unique secret. */
function canary(where: string): string {
  const secret = `ca${randomBytes(9).toString("hex")}`;
  canaries.set(where, secret);
  return secret;
}

// The most verbose level.
const parley = await Parley.start({ env: { ...process.env, LOG_LEVEL: "trace" } });
afterAll(() => parley.stop());
const password = canary("password");
const alice = await openAccount(parley.url("auth"), { username: "alice", password, displayName: "Alice" });
const { refreshToken } = alice;
keepToken("access token", alice.token);
canaries.set("refresh token", refreshToken);

/** Searches for a token by its signature, the part that makes it a secret. */
function keepToken(where: string, token: string): void {
  canaries.set(where, token.split(".")[2] ?? token);
}

/** Posts to an API; text is sent as it is. */
function post(service: ServiceUrl, path: string, body: object | string, headers: object = {}) {
  return fetch(`${parley.url(service)}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Refused and malformed requests to auth. */
async function botherAuth(): Promise<void> {
  const posts: [path: string, body: object | string, headers?: object][] = [
    ["/login", { username: "alice", password: canary("wrong password") }],
    ["/login", { username: "nobody", password: canary("password of nobody") }],
    ["/login", `{"username":"alice","password":"${canary("password in broken JSON")}`],
    ["/login", { username: 7, password: canary("password beside a bad field") }],
    ["/login", { username: canary("username that is a password"), password: "x" }],
    [`/login?password=${canary("password in the query")}`, {}],
    ["/register", { username: "x", password: canary("password of a refused register") }],
    ["/register", { username: "alice", password: canary("password of a taken name") }],
    ["/refresh", { refreshToken: canary("unknown refresh token") }],
    ["/refresh", {}, { cookie: `parley_refresh=${canary("refresh token in a cookie")}` }],
  ];
  for (const one of posts) await post("auth", ...one);
  const me = `/me?token=${canary("token in the query of me")}`;
  await call(parley, { token: canary("bad bearer of auth") }, "GET", me, undefined, "auth");
  const change = { oldPassword: canary("wrong old password"), newPassword: canary("new password") };
  await call(parley, alice, "PUT", "/me/password", change, "auth");
  const answer = await post("auth", "/refresh", { refreshToken });
  const { data } = (await answer.json()) as { data: { token: string; refreshToken: string } };
  keepToken("refreshed token", data.token);
  canaries.set("second refresh token", data.refreshToken);
}

/** Bad tokens in every way in which a socket takes one, and bad frames on good sockets. */
async function botherSockets(name: string, url: string): Promise<void> {
  const secret = (where: string) => canary(`${name}: ${where}`);
  const first = (frame: object | string) => {
    const socket = new FrameSocket(url);
    socket.ws.on("open", () => socket.send(frame));
    return socket;
  };
  const refused = [
    new FrameSocket(`${url}?token=${secret("bad token in the URL")}&room=general`),
    new FrameSocket(url, { token: secret("bad token in the header") }),
    new FrameSocket(url, { headers: { authorization: `Basic ${secret("basic")}` } }),
    first({ type: "auth", token: secret("bad token in the first frame") }),
    first(`{"type":"auth","token":"${secret("broken first frame")}`),
  ];
  for (const socket of refused) await socket.closed;
  const good = await FrameSocket.open(`${url}?room=general`, alice.token);
  for (const bad of [
    `{"body":"${secret("broken frame")}`,
    { type: "message", room: "general", body: [secret("body of a bad type")] },
    { type: "message", room: secret("a bad room").toUpperCase(), body: secret("its body") },
    { type: secret("unknown type"), token: secret("token in it") },
    { type: "auth", token: secret("bad in-band token") },
    { type: "message", room: "general", body: `${secret("NUL")}\u0000` },
    { type: "ping", id: "last" },
  ])
    good.send(bad);
  await good.find((one) => one.id === "last");
  good.send("x".repeat(300_000) + secret("too large"));
  await good.closed;
}

/** Handshakes that are not HTTP, lack the upgrade, or have an unknown path. */
async function garbleHandshake(): Promise<void> {
  const port = Number(new URL(parley.url("ws-producer")).port);
  for (const text of [
    `${canary("not HTTP")}\r\n\r\n`,
    `GET /ws?token=${canary("handshake without an upgrade")} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET /${canary("an unknown path")} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${canary("unknown path's token")}\r\n\r\n`,
  ]) {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("error", () => undefined);
    socket.resume();
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
  }
}

/** Valid and invalid messages by socket and by HTTP. */
async function talk(what: string): Promise<void> {
  const secret = (where: string) => canary(`${what}: ${where}`);
  await ask(parley, alice, { room: "general", body: secret("body"), receipt: "stored" }, "ack");
  const path = "/rooms/general/messages";
  const ours = bearer(alice.token);
  await post("ws-producer", path, { body: secret("HTTP body") }, ours);
  await post("ws-producer", path, `{"body":"${secret("broken HTTP body")}`, ours);
  await post("ws-producer", path, { body: 7, extra: secret("bad HTTP body") }, ours);
  await post("ws-producer", path, { body: canary("unused") }, bearer(secret("bearer")));
  await call(parley, alice, "GET", `${path}?token=${secret("token in a query")}&limit=x`);
}

/** Publishes invalid entries to the log and invalid messages to other subjects. */
async function poisonLog(): Promise<void> {
  const nats = await connectNats({ servers: parley.stack.natsUrl, ...parley.stack.natsLogin });
  const author = { id: alice.id, username: "alice" };
  const message = { type: "message", room: "general", id: "p1", author, at: new Date().toISOString() };
  for (const entry of [
    canary("poison: not JSON"),
    JSON.stringify({ ...message, body: [canary("poison: a body of a bad type")] }),
    JSON.stringify({ ...message, body: `${canary("poison: NUL in the body")}\u0000` }),
    JSON.stringify({ ...message, body: `${canary("poison: lone surrogate")}\ud800` }),
    JSON.stringify({ ...message, body: canary("poison: not a time"), at: "yesterday" }),
  ]) {
    for (let shard = 0; shard < 4; shard += 1) nats.publish(`chat.${shard}.general`, entry);
  }
  nats.publish("auth.revoked", canary("a revocation that is none"));
  nats.publish("live.general", canary("a live packet that is none"));
  nats.publish("stored.ask", canary("a question that is none"));
  await nats.drain();
}

/** Statements that Postgres refuses; by default it quotes their rows in its log. */
async function failInPostgres(): Promise<void> {
  const sql = postgres(parley.stack.databaseUrl, { max: 1 });
  const body = canary("Postgres: a row that is refused");
  await expect(
    sql`insert into chat.entries values ('r', -1, 1, now(), null, 'message', 'a', 'a', 'c', ${body})`,
  ).rejects.toThrow("check constraint");
  const json = `{"body":"${canary("Postgres: JSON that is refused")}`;
  await expect(sql`select ${json}::text::json`).rejects.toThrow("invalid input syntax for type json");
  await sql.end();
}

/** Places where a log contains the beginning or the end of a secret. */
function leaksIn(file: string, text: string): string[] {
  const leaks: string[] = [];
  for (const [where, secret] of canaries) {
    const pieces = [secret.slice(0, PIECE_LENGTH), secret.slice(-PIECE_LENGTH)];
    const at = Math.max(...pieces.map((piece) => text.indexOf(piece)));
    if (at !== -1) leaks.push(`${file}: ${where}: …${text.slice(Math.max(0, at - 200), at + 60)}…`);
  }
  return leaks;
}

it("writes no token, password, refresh token or body into any log, also while things break", async () => {
  await botherAuth();
  await botherSockets("producer", parley.producerSocket);
  await botherSockets("consumer", parley.consumerSocket);
  await garbleHandshake();
  await talk("quiet");
  await poisonLog();
  await failInPostgres();
  await parley.stack.service("postgres").stop();
  await Promise.all([talk("without Postgres"), botherAuth().catch(() => undefined)]);
  await parley.stack.service("postgres").start();
  await parley.stack.service("auth").kill();
  await talk("without auth");
  await parley.stack.untilReady();
  await Promise.all([parley.stack.service("nats").kill(), talk("without NATS").catch(() => undefined)]);
  await parley.stack.untilReady();
  await talk("afterwards");
  await until("all is stored", async () => (await parley.history("general", alice.token)).length >= 6);
  for (const name of ["ws-producer", "ws-consumer", "auth"]) await parley.stack.service(name).stop();

  const folder = join(parley.stack.dataDir, "logs");
  const files = await readdir(folder);
  const names = ["auth", "nats", "postgres", "ws-consumer", "ws-producer"];
  expect(files.toSorted()).toEqual(names.map((name) => `${name}.log`));
  const passwords = await readFile(join(parley.stack.dataDir, "logins.json"), "utf8");
  for (const [i, secret] of [...passwords.matchAll(/"(p[0-9a-f]{36})"/g)].entries())
    canaries.set(`password ${i} of a service`, secret[1] as string);
  canaries.set("password of Postgres", new URL(parley.stack.databaseUrl).password);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const characters = texts.join("").length;
  process.stdout.write(`canaries: ${canaries.size} in ${characters} characters of ${files.length} logs\n`);
  expect(characters).toBeGreaterThan(2_000);
  expect(texts.flatMap((text, i) => leaksIn(String(files[i]), text))).toEqual([]);
});
