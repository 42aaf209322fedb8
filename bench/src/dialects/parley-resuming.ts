import type { WebSocket } from "ws";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "../load/connection.ts";
import { dial, terminate } from "./dial.ts";
import { bearer, openSender } from "./parley.ts";

/** Pause before another attempt to connect, ms: a random time up to this, or what the server asked for. */
const RETRY_MS = 400;
const MESSAGE = '{"seq":';

type Control = { type: string; seq?: number; outcome?: string; retryAfterMs?: number; code?: string };

/** A listener of Parley as the protocol wants it: it comes back after each lost connection, and resumes by seq. */
class ResumingListener {
  readonly #url: string;
  readonly #spec: MemberSpec;
  readonly #events: ConnectionEvents;
  #ws: WebSocket | undefined;
  #seq = 0;
  #isPaused = false;
  #isClosed = false;
  #lostAt = 0;
  #retryAfterMs = 0;
  #onFirst: (() => void) | undefined;

  constructor(url: string, spec: MemberSpec, events: ConnectionEvents) {
    this.#url = url;
    this.#spec = spec;
    this.#events = events;
  }

  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFirst = resolve;
      this.#connect();
    });
  }

  #connect(): void {
    if (this.#isClosed) return;
    const ws = dial(this.#url, bearer(this.#spec));
    const startedAt = performance.now();
    this.#ws = ws;
    ws.on("open", () => {
      ws.send(JSON.stringify({ type: "resume", rooms: { [this.#spec.room]: this.#seq } }));
      if (this.#isPaused) ws.pause();
    });
    ws.on("message", (bytes: Buffer) => this.#take(bytes, startedAt));
    ws.on("error", () => undefined);
    ws.on("close", (_code, reason) => this.#lost(String(reason)));
  }

  #lost(reason: string): void {
    if (this.#isClosed) return;
    this.#lostAt ||= performance.now();
    const asked = /"retryAfterMs":(\d+)/.exec(reason)?.[1];
    const ms = Math.max(Number(asked ?? this.#retryAfterMs), Math.random() * RETRY_MS);
    this.#retryAfterMs = 0;
    setTimeout(() => this.#connect(), ms);
  }

  #take(bytes: Buffer, startedAt: number): void {
    if (bytes.toString("latin1", 0, MESSAGE.length) === MESSAGE) this.#takeMessage(bytes);
    else this.#takeControl(JSON.parse(bytes.toString()) as Control, startedAt);
  }

  #takeMessage(bytes: Buffer): void {
    const seq = Number.parseInt(bytes.toString("latin1", MESSAGE.length, MESSAGE.length + 16), 10);
    if (seq <= this.#seq) {
      this.#events.count("repeats");
      return;
    }
    if (seq !== this.#seq + 1) this.#events.count("holes");
    this.#seq = seq;
    this.#events.received(bytes);
  }

  #takeControl(frame: Control, startedAt: number): void {
    if (frame.type === "error") this.#events.count(`error ${frame.code}`);
    if (frame.outcome === "gap") this.#events.count("gaps");
    if (frame.type !== "caught_up") return;
    this.#onFirst?.();
    if (this.#onFirst === undefined)
      this.#events.recovered(performance.now() - this.#lostAt, performance.now() - startedAt);
    this.#onFirst = undefined;
    this.#lostAt = 0;
  }

  /** Drops the connection without a word and stays away for a while. */
  cut(offlineMs: number): void {
    this.#retryAfterMs = offlineMs;
    this.#ws?.terminate();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#ws?.pause();
    else this.#ws?.resume();
  }

  close(): void {
    this.#isClosed = true;
    this.#ws?.terminate();
  }
}

/** A member of Parley that resumes; its sending half is the plain one. */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const sending = spec.sends ? await openSender(String(endpoint.producer), spec, events) : undefined;
  const listening = spec.listens ? new ResumingListener(String(endpoint.consumer), spec, events) : undefined;
  await listening?.open();
  return {
    send: (n, body) =>
      sending?.send(`{"type":"message","id":"${spec.index}-${n}","room":"${spec.room}","body":"${body}"}`),
    cut: (offlineMs) => listening?.cut(offlineMs),
    pause: () => listening?.pause(true),
    resume: () => listening?.pause(false),
    close: () => {
      listening?.close();
      if (sending !== undefined) terminate(sending);
    },
  };
}
