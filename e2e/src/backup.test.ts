import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { check } from "@parley/bench/chaos/checker";
import { Clients } from "@parley/bench/chaos/clients";
import { drain, gather } from "@parley/bench/chaos/drain";
import type { Row } from "@parley/bench/chaos/evidence";
import { type Ledger, openLedger } from "@parley/bench/chaos/ledger";
import { entryOf, readHistory } from "@parley/bench/chaos/read-history";
import { Sender } from "@parley/bench/chaos/sender";
import { logIn, postJson } from "@parley/devstack/accounts";
import { variable } from "@parley/devstack/environment";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { afterAll, expect, it } from "vitest";
import { call } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

/** Seconds of load before, during and after the back-up: `make test-faults` sets 60. */
const LOAD_S = Number(variable(process.env, "BACKUP_LOAD_S") ?? 3);
const ROOMS = ["one", "two", "three"];

const dataDir = await makeTempDir("backup");
const backup = join(await makeTempDir("copies"), "night.sql.gz");
const start = () => Parley.start({ dataDir, env: { ...process.env, DRAIN_MS: "200" } });
let parley = await start();
const openStackLedger = () =>
  openLedger(parley.stack.natsUrl, parley.stack.databaseUrl, [], parley.stack.natsLogin);
afterAll(() => parley.stop());
const reader = await parley.person("reader");

/** Runs one of the tools of operators; gives its exit code and all that it says. */
async function tool(name: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await parley.run(`packages/operate/src/${name}.ts`, ...args);
  return { code, text: stdout + stderr };
}

/** Stops everything, throws the data of Postgres away (and the log with `log`), restores, and starts again. */
async function restoreAfterLoss(lost: readonly ("postgres" | "nats")[]): Promise<Ledger> {
  await parley.stop();
  for (const name of lost) await removeDataDir(join(dataDir, name));
  const owner = `replaces the database of the stack in ${dataDir}, `;
  expect(await tool("restore", backup, "--yes")).toMatchObject({
    code: 0,
    text: expect.stringContaining(owner),
  });
  parley = await start();
  return await openStackLedger();
}

const byRoom = (rows: readonly Row[]) => Map.groupBy(rows, ({ room }) => room);
/** All of a run that was stored before the back-up began, and all that was there in the end. */
let stored: { before: readonly Row[]; after: readonly Row[] };

it("brings back every acknowledged message from a back-up under load and the log", async () => {
  const clients = await Clients.open({
    seed: 7,
    authUrl: parley.url("auth"),
    senders: 8,
    rooms: ROOMS,
    producerSockets: [parley.producerSocket],
    consumerSockets: [parley.consumerSocket],
    sendsPerSecond: 400,
  });
  let ledger = await openStackLedger();
  clients.startSending();
  await sleep(LOAD_S * 500);
  const before = await ledger.rows();
  const made = await tool("backup", backup);
  expect(made.text).toMatch(/sha256 [0-9a-f]{64}/);
  await sleep(LOAD_S * 500);
  clients.stopSending();
  const scene = { ledger, clients, rooms: ROOMS };
  await drain(scene, () => undefined);
  const evidence = await gather(scene, parley.url("ws-consumer"));
  expect(check(evidence).counts).toEqual(noFindings());
  clients.close();
  await ledger.close();
  stored = { before, after: evidence.rows };

  ledger = await restoreAfterLoss(["postgres"]);
  await until("the log is stored again", async () => (await ledger.backlog()) === 0);
  const rows = await ledger.rows();
  expect(rows.length).toBeGreaterThan(before.length);
  expect(await historyNow()).toEqual(Map.groupBy(rows.map(shown), ({ room }) => room));
  const again = { ...evidence, rows, history: evidence.history, cursorsBack: await ledger.cursorsBack() };
  expect(check(again).counts).toEqual(noFindings());
  expect(rows).toEqual(evidence.rows);
  await ledger.close();
});

const noFindings = () => Object.fromEntries(Object.keys(check(NOTHING).counts).map((column) => [column, 0]));
const NOTHING = { sent: [], rows: [], history: new Map(), receptions: [], early: [], cursorsBack: 0 };
const shown = ({ room, seq, author, id, body }: Row) => ({ room, seq, author, id, body });

/** The history of each room by REST, as somebody sees it who logs in now. */
async function historyNow() {
  const { token } = await logIn(parley.url("auth"), reader);
  const rooms = ROOMS.map(async (room) => {
    const messages = await readHistory(parley.url("ws-consumer"), token, room);
    return [room, messages.map((message) => ({ room, ...entryOf(message) }))] as const;
  });
  return new Map(await Promise.all(rooms));
}

it("opens no session of before, and keeps no key that signs", async () => {
  expect(await call(parley, reader, "GET", "/rooms")).toMatchObject({ status: 401 });
  const { refreshToken } = reader;
  const refreshed = postJson(`${parley.url("auth")}/api/v1/refresh`, { refreshToken });
  await expect(refreshed).rejects.toThrow("answered 401");
});

it("without the log has what was stored when the back-up began, and goes on from there", async () => {
  const ledger = await restoreAfterLoss(["postgres", "nats"]);
  const rows = await ledger.rows();
  const whole = byRoom(stored.after);
  for (const [room, some] of byRoom(rows)) expect(some).toEqual(whole.get(room)?.slice(0, some.length));
  expect(rows.length).toBeLessThan(stored.after.length);
  expect(rows.length).toBeGreaterThanOrEqual(stored.before.length);
  const { token } = await logIn(parley.url("auth"), reader);
  using sender = new Sender(parley.producerSocket, { ...reader, token });
  await sender.send("one", "later", "after the restore");
  await until("it is stored", async () => (await ledger.backlog()) === 0);
  const head = byRoom(rows).get("one")?.length ?? 0;
  expect((await ledger.rows()).find(({ id }) => id === "later")).toMatchObject({
    room: "one",
    seq: head + 1,
  });
  using socket = await FrameSocket.open(parley.consumerSocket, token);
  socket.send({ type: "subscribe", room: "one", after: head + 1_000 });
  expect(await socket.next("subscribed")).toMatchObject({ outcome: "reset", head: head + 1 });
  await ledger.close();
});
