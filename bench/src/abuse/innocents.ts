import { randomUUID } from "node:crypto";
import type { Account } from "@parley/devstack/accounts";
import { sleep, withDeadline } from "@parley/runtime/deadline";
import { Client } from "@parley/socket/client-fixture";
import { readPage } from "../chaos/read-history.ts";

const SENDS_PER_SECOND = 10;
const HISTORY_EVERY = 5;
const HISTORY_LIMIT = 50;
/** Longest wait for what is under way at the end, ms. */
const SETTLE_MS = 10_000;
const ROOM = "abuse";

export type Times = Readonly<{ p95: number; largest: number }>;
export type Beside = Readonly<{ ack: Times; deliver: Times; history: Times; lost: number }>;

export type Innocents = Awaited<ReturnType<typeof openInnocents>>;

/** Opens a sender and a reader, who also reads history, from another address than the attacker's. */
export async function openInnocents(
  urls: Readonly<Record<string, string>>,
  sender: Account,
  reader: Account,
) {
  const send = await openClient(`${urls["ws-producer"]}/ws`, sender);
  const listen = await openClient(`${urls["ws-consumer"]}/ws`, reader);
  listen.send({ type: "subscribe", room: ROOM });
  await listen.frame(({ type }) => type === "caught_up");
  // Ids must differ from those of earlier pairs in the same room.
  const name = randomUUID();
  let serial = 0;
  const readHistory = async () => {
    const began = performance.now();
    await readPage(urls["ws-consumer"] as string, reader.token, ROOM, 0, HISTORY_LIMIT);
    return performance.now() - began;
  };
  return {
    /** Sends, listens and reads history at a fixed rate until `isOver`. */
    async talk(isOver: () => boolean): Promise<Beside> {
      const sentAt = new Map<string, number>();
      const acks = timeFrames(send, "ack", sentAt);
      const messages = timeFrames(listen, "message", sentAt);
      const reads: Promise<number | undefined>[] = [];
      for (; !isOver(); await sleep(1_000 / SENDS_PER_SECOND)) {
        serial += 1;
        const id = `${name}-${serial}`;
        sentAt.set(id, performance.now());
        send.send({ id, room: ROOM, body: `innocent ${id}` });
        if (serial % HISTORY_EVERY === 0) reads.push(readHistory().catch(() => undefined));
      }
      const lost = () => 2 * sentAt.size - acks.times.size - messages.times.size;
      const deadline = performance.now() + SETTLE_MS;
      while (lost() > 0 && performance.now() < deadline) await sleep(20);
      const history = (await Promise.all(reads)).filter((ms) => ms !== undefined);
      for (const { stop } of [acks, messages]) stop();
      return {
        ack: timesOf([...acks.times.values()]),
        deliver: timesOf([...messages.times.values()]),
        history: timesOf(history),
        lost: lost() + reads.length - history.length,
      };
    },
    close(): void {
      for (const { ws } of [send, listen]) ws.terminate();
    },
  };
}

/** Notes how long the first frame of a type took for each id that was sent, ms. */
function timeFrames({ ws }: Client, type: string, sentAt: ReadonlyMap<string, number>) {
  const times = new Map<string, number>();
  const note = (data: unknown) => {
    const frame = JSON.parse(String(data)) as { type: string; id?: string };
    const at = sentAt.get(frame.id ?? "");
    if (frame.type !== type || at === undefined || times.has(frame.id as string)) return;
    times.set(frame.id as string, performance.now() - at);
  };
  ws.on("message", note);
  return { times, stop: () => ws.off("message", note) };
}

async function openClient(url: string, { token }: Account): Promise<Client> {
  const headers = { authorization: `Bearer ${token}` };
  const client = new Client(url.replace("http", "ws"), { headers });
  await withDeadline(
    client.frame(({ type }) => type === "hello"),
    SETTLE_MS,
    "the handshake of an innocent",
  );
  return client;
}

function timesOf(times: number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p95: at(0.95), largest: at(1) };
}
