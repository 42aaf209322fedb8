import { randomUUID } from "node:crypto";
import type { Account } from "@parley/devstack/accounts";
import { sleep } from "@parley/runtime/deadline";
import { WebSocket } from "ws";
import { readPage } from "../chaos/read-history.ts";

const SENDS_PER_SECOND = 10;
const HISTORY_EVERY = 5;
const HISTORY_LIMIT = 50;
/** Longest wait for what is under way at the end, ms. */
const SETTLE_MS = 10_000;
const ROOM = "abuse";

export type Times = Readonly<{ p95: number; largest: number }>;
export type Beside = Readonly<{ ack: Times; deliver: Times; history: Times; lost: number }>;

/** A sender and a reader, who also reads history, from another address than the attacker's. */
export class Innocents {
  readonly #send: WebSocket;
  readonly #listen: WebSocket;
  /** Resolves with how long a page of history took, ms. @throws {Error} if it failed. */
  readonly #readHistory: () => Promise<number>;
  /** Ids must differ from those of earlier pairs in the same room. */
  readonly #name = randomUUID();
  #serial = 0;

  private constructor(send: WebSocket, listen: WebSocket, readHistory: () => Promise<number>) {
    this.#send = send;
    this.#listen = listen;
    this.#readHistory = readHistory;
  }

  static async open(urls: Readonly<Record<string, string>>, sender: Account, reader: Account) {
    const send = await socketOf(`${urls["ws-producer"]}/ws`, sender);
    const listen = await socketOf(`${urls["ws-consumer"]}/ws`, reader);
    listen.send(JSON.stringify({ type: "subscribe", room: ROOM }));
    await next(listen, "caught_up");
    return new Innocents(send, listen, async () => {
      const began = performance.now();
      await readPage(urls["ws-consumer"] as string, reader.token, ROOM, 0, HISTORY_LIMIT);
      return performance.now() - began;
    });
  }

  /** Sends, listens and reads history at a fixed rate until `isOver`. */
  async talk(isOver: () => boolean): Promise<Beside> {
    const sentAt = new Map<string, number>();
    const [ack, deliver]: [number[], number[]] = [[], []];
    const unacked = new Set<string>();
    const undelivered = new Set<string>();
    const note = (type: string, open: Set<string>, times: number[]) => (data: unknown) => {
      const frame = JSON.parse(String(data)) as { type: string; id?: string };
      if (frame.type !== type || !open.delete(frame.id ?? "")) return;
      times.push(performance.now() - (sentAt.get(frame.id as string) as number));
    };
    const onAck = note("ack", unacked, ack);
    const onMessage = note("message", undelivered, deliver);
    this.#send.on("message", onAck);
    this.#listen.on("message", onMessage);
    const reads: Promise<number | undefined>[] = [];
    for (; !isOver(); await sleep(1_000 / SENDS_PER_SECOND)) {
      this.#serial += 1;
      const id = `${this.#name}-${this.#serial}`;
      for (const open of [unacked, undelivered]) open.add(id);
      sentAt.set(id, performance.now());
      this.#send.send(JSON.stringify({ id, room: ROOM, body: `innocent ${id}` }), () => undefined);
      if (this.#serial % HISTORY_EVERY === 0) reads.push(this.#readHistory().catch(() => undefined));
    }
    const deadline = performance.now() + SETTLE_MS;
    while (unacked.size + undelivered.size > 0 && performance.now() < deadline) await sleep(20);
    const history = (await Promise.all(reads)).filter((ms) => ms !== undefined);
    this.#send.off("message", onAck);
    this.#listen.off("message", onMessage);
    const lost = unacked.size + undelivered.size + reads.length - history.length;
    return { ack: timesOf(ack), deliver: timesOf(deliver), history: timesOf(history), lost };
  }

  close(): void {
    for (const socket of [this.#send, this.#listen]) socket.terminate();
  }
}

async function socketOf(url: string, { token }: Account): Promise<WebSocket> {
  const socket = new WebSocket(url.replace("http", "ws"), { headers: { authorization: `Bearer ${token}` } });
  await next(socket, "hello");
  return socket;
}

/** Resolves when a frame of this type comes. @throws the socket's error if it ends before. */
function next(socket: WebSocket, type: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data) => JSON.parse(String(data)).type === type && resolve());
  });
}

function timesOf(times: number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p95: at(0.95), largest: at(1) };
}
