import { openAccount } from "@parley/devstack/accounts";
import { ownEnvironment } from "@parley/devstack/environment";
import { startStack } from "@parley/devstack/stack";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { sleep } from "@parley/runtime/deadline";
import { check } from "./checker.ts";
import { RECONNECT_MS } from "./client-socket.ts";
import { gather } from "./drain.ts";
import { openLedger } from "./ledger.ts";
import { Listener } from "./listener.ts";
import { Sender } from "./sender.ts";

const ACCOUNTS = 10;
const SOCKETS_PER_ROOM = 100;
/** Sockets that are opened at once, and the time between two messages of one room, ms. */
const OPENED_AT_ONCE = 100;
const SEND_EVERY_MS = 5_000;
/** Until the last message has come to everybody, ms. */
const SETTLE_MS = 2_000;
/**
 * Most sockets that are told to come back in one second, against the mean. How many do is also a matter of this process,
 * which holds all of them and has other work.
 */
const PEAK_MOST = 2;

/** A listener that does what a close with 1012 says: it comes back after the time in the reason, to another instance. */
class MovingListener extends Listener {
  readonly #next: string;
  /** When it was connected again; monotonic, ms. */
  backAt = 0;
  leftAt = 0;
  /** When it was told to come back. */
  dueAt = 0;

  constructor(url: string, next: string, account: { token: string }, room: string, name: string) {
    super(url, account, [room], name);
    this.#next = next;
  }

  protected override onOpen(ws: Parameters<Listener["onFrame"]>[0]): void {
    if (this.leftAt > 0) this.backAt = performance.now();
    super.onOpen(ws);
  }

  protected override afterClose(reason: string): number {
    this.leftAt = performance.now();
    this.url = this.#next;
    const told = reason === "" ? RECONNECT_MS : (JSON.parse(reason) as { retryAfterMs: number }).retryAfterMs;
    this.dueAt = this.leftAt + told;
    return told;
  }
}

type DrainOptions = Readonly<{ sockets: number; drainMs: number; say: (line: string) => void }>;

/** Drains a ws-consumer that has all sockets while messages are sent, and sees how they come back to another one. */
export async function drainSockets({ sockets, drainMs, say }: DrainOptions) {
  await using closers = new AsyncDisposableStack();
  const dataDir = await makeTempDir("drain");
  closers.defer(() => removeDataDir(dataDir));
  const env = { ...ownEnvironment(), NODE_ENV: "test", RATE_LIMITS: "off", DRAIN_MS: String(drainMs) };
  const stack = await startStack({
    dataDir,
    consumers: 2,
    env,
    serviceEnv: { "ws-producer": { DRAIN_MS: "0" } },
  });
  closers.defer(() => stack.stop());
  const ledger = await openLedger(stack.natsUrl, stack.databaseUrl, [], stack.natsLogin);
  closers.defer(() => ledger.close());
  const socketOf = (name: string) => `${stack.urls[name]?.replace("http", "ws")}/ws`;
  const [from, to] = [socketOf("ws-consumer"), socketOf("ws-consumer-2")];
  const names = Array.from({ length: ACCOUNTS }, (_, i) => ({ username: `drained${i}` }));
  const accounts = await Promise.all(names.map((name) => openAccount(stack.urls.auth as string, name)));
  const rooms = Array.from({ length: Math.ceil(sockets / SOCKETS_PER_ROOM) }, (_, i) => `drain-${i}`);
  const senders = accounts.map((account) => new Sender(socketOf("ws-producer"), account));
  const listeners: MovingListener[] = [];
  closers.defer(() => {
    for (const client of [...senders, ...listeners]) client.close();
  });
  const sendAll = () => {
    for (const [i, room] of rooms.entries()) senders[i % senders.length]?.sendNext(room);
  };
  sendAll();
  for (let i = 0; i < sockets; i += 1) {
    const account = accounts[i % accounts.length] as (typeof accounts)[number];
    listeners.push(new MovingListener(from, to, account, rooms[i % rooms.length] as string, `socket ${i}`));
    if (i % OPENED_AT_ONCE === 0) await until(() => listeners.every(({ connects }) => connects > 0));
  }
  await until(() => listeners.every(({ connects }) => connects > 0));
  say(`${sockets} sockets are open`);
  const sending = setInterval(sendAll, SEND_EVERY_MS);
  const began = performance.now();
  const ended = stack.service("ws-consumer").kill("SIGTERM");
  await until(() => listeners.every(({ backAt }) => backAt > 0), drainMs + 60_000);
  await ended;
  const tookMs = performance.now() - began;
  clearInterval(sending);
  const unanswered = () => senders.reduce((sum, sender) => sum + sender.unanswered, 0);
  await until(() => unanswered() === 0);
  const heads = (room: number) =>
    listeners.filter((_, i) => i % rooms.length === room).map((one) => one.head(rooms[room] as string));
  await until(() => rooms.every((_, room) => new Set(heads(room)).size === 1));
  await sleep(SETTLE_MS);
  const clients = { senders, listeners };
  const verdict = check(await gather({ ledger, clients, rooms }, stack.urls["ws-consumer-2"] as string));
  const mostOf = (times: readonly number[]) =>
    Math.max(
      ...Object.values(Object.groupBy(times, (at) => Math.floor(at / 1_000))).map((all = []) => all.length),
    );
  const away = listeners.map(({ leftAt, backAt }) => backAt - leftAt).sort((a, b) => a - b);
  const mean = sockets / (drainMs / 1_000);
  const most = mostOf(listeners.map(({ dueAt }) => dueAt));
  const mostBack = mostOf(listeners.map(({ backAt }) => backAt));
  const times = (count: number) => `${count} (${(count / mean).toFixed(2)} times the mean)`;
  const at = (share: number) => Math.round(away[Math.floor((away.length - 1) * share)] ?? 0);
  say(`${sockets} sockets drained over ${drainMs} ms; all are back after ${Math.round(tookMs)} ms`);
  say(
    `reconnects a second, mean ${mean.toFixed(1)}: told at most ${times(most)}, connected at most ${times(mostBack)}`,
  );
  say(`away: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`);
  say(`${verdict.acked} acknowledged, ${verdict.received} received; ${JSON.stringify(verdict.counts)}`);
  return most <= PEAK_MOST * mean && Object.values(verdict.counts).every((count) => count === 0);
}

async function until(holds: () => boolean, deadlineMs = 60_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`it did not come to that within ${deadlineMs} ms`);
    await sleep(50);
  }
}
