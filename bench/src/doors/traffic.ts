import { once } from "node:events";
import { WebSocket } from "ws";
import { type Latency, newLatency } from "../load/latency.ts";
import type { Session } from "./stack.ts";

const OPEN_DEADLINE_MS = 10_000;

/** What went through the doors in some time: acks of open sockets, and handshakes of new ones. */
export type Traffic = { acks: Latency; handshakes: Latency; failed: string[]; unacked: number };

/** Nothing yet. */
export function newTraffic(): Traffic {
  return { acks: newLatency(), handshakes: newLatency(), failed: [], unacked: 0 };
}

/** Adds one time's figures to those of others. */
export function addTraffic(sum: Traffic, more: Traffic): void {
  sum.acks.add(more.acks);
  sum.handshakes.add(more.handshakes);
  sum.failed.push(...more.failed);
  sum.unacked += more.unacked;
}

/** Opens a socket. Rejects with the status, the close code or the system's error. */
export async function openSocket(url: string, token: string): Promise<WebSocket> {
  const ws = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const refused = once(ws, "unexpected-response").then(([, answer]) => {
    throw new Error(`handshake answered ${answer.statusCode}`);
  });
  refused.catch(() => undefined);
  const signal = AbortSignal.timeout(OPEN_DEADLINE_MS);
  await Promise.race([once(ws, "message", { signal }), refused]);
  ws.on("error", () => undefined);
  return ws;
}

/** Since then; a timer may fire a little before its time. */
const microseconds = (since: number) => Math.max(0, Math.round((performance.now() - since) * 1_000));

/** Sockets that send messages at a steady pace, whatever the answers take. */
export class Writers {
  readonly #sockets: WebSocket[] = [];
  readonly #sent = new Map<string, number>();
  readonly #url: string;
  #acks = newLatency();
  #count = 0;
  closed = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async open(sessions: readonly Session[]): Promise<void> {
    for (const { token } of sessions) {
      const ws = await openSocket(this.#url, token);
      ws.on("message", (bytes) => this.#hear(String(bytes)));
      ws.on("close", () => {
        this.closed += 1;
      });
      this.#sockets.push(ws);
    }
  }

  #hear(text: string): void {
    const frame = JSON.parse(text) as { type: string; id: string };
    const sentAt = this.#sent.get(frame.id);
    if (frame.type !== "ack" || sentAt === undefined) return;
    this.#sent.delete(frame.id);
    this.#acks.recordValue(microseconds(sentAt));
  }

  /** Sends the next message, each socket in turn. */
  send(due: number): void {
    const ws = this.#sockets[this.#count % this.#sockets.length] as WebSocket;
    const id = `m${this.#count++}`;
    this.#sent.set(id, due);
    if (ws.readyState === WebSocket.OPEN)
      ws.send(JSON.stringify({ type: "message", id, room: `room-${this.#count % 8}`, body: "a message" }));
  }

  /** The acks since the last time, and how many are still awaited. */
  take(): { acks: Latency; unacked: number } {
    const acks = this.#acks;
    this.#acks = newLatency();
    return { acks, unacked: this.#sent.size };
  }

  close(): void {
    for (const ws of this.#sockets) ws.terminate();
  }
}

export type TrafficPlan = Readonly<{
  seconds: number;
  writers: Writers;
  /** A message each so many ms. */
  messageEveryMs: number;
  /** A new socket each so many ms, at each address in turn. */
  handshakeEveryMs: number;
  urls: readonly string[];
  /** Used in turn, from one run to the next: enough that none is remembered when its turn comes again. */
  sessions: Iterator<Session, never>;
}>;

/** Sessions in turn, without end. */
export function* inTurn(sessions: readonly Session[]): Generator<Session, never> {
  for (;;) yield* sessions;
}

/** Sends messages and opens sockets at a steady pace for some time. */
export async function runTraffic(plan: TrafficPlan): Promise<Traffic> {
  const { writers, sessions, urls } = plan;
  const handshakes = newLatency();
  const failed: string[] = [];
  const knock = async (due: number, i: number) => {
    const { token } = sessions.next().value;
    try {
      const ws = await openSocket(urls[i % urls.length] as string, token);
      handshakes.recordValue(microseconds(due));
      ws.close();
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
    }
  };
  writers.take();
  const open: Promise<void>[] = [];
  await Promise.all([
    atPace(plan.messageEveryMs, plan.seconds, (due) => writers.send(due)),
    atPace(plan.handshakeEveryMs, plan.seconds, (due, i) => void open.push(knock(due, i))),
  ]);
  await Promise.all(open);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { ...writers.take(), handshakes, failed };
}

async function atPace(
  everyMs: number,
  seconds: number,
  work: (due: number, i: number) => void,
): Promise<void> {
  const started = performance.now();
  for (let i = 0; i * everyMs < seconds * 1_000; i += 1) {
    const due = started + i * everyMs;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    work(due, i);
  }
}

/** One line of figures. */
export function describe(name: string, latency: Latency): string {
  const ms = (share: number) => (latency.getValueAtPercentile(share) / 1_000).toFixed(1);
  return `${name}: ${latency.totalCount} in ms p50 ${ms(50)}, p99 ${ms(99)}, max ${ms(100)}`;
}
