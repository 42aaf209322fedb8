import type { WebSocket } from "ws";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "../load/connection.ts";
import { dial, terminate } from "./dial.ts";
import { bearer, messageFrame, openSender, startsWith } from "./parley.ts";

/** Pause before a reconnect, ms: a random time up to this, or longer if the server asked for it. */
const RETRY_MS = 400;
const MESSAGE = '{"seq":';

type Control = Readonly<{ type: string; outcome?: string; code?: string }>;

/** A listener as the protocol asks for: it reconnects after each lost connection, and resumes by seq. */
class ResumingListener {
  readonly #url: string;
  readonly #spec: MemberSpec;
  readonly #events: ConnectionEvents;
  readonly #joined = Promise.withResolvers<void>();
  #ws: WebSocket | undefined;
  #seq = 0;
  #isPaused = false;
  #isClosed = false;
  #hasJoined = false;
  #lostAt = 0;
  #retryAfterMs = 0;

  constructor(url: string, spec: MemberSpec, events: ConnectionEvents) {
    this.#url = url;
    this.#spec = spec;
    this.#events = events;
  }

  open(): Promise<void> {
    this.#connect();
    return this.#joined.promise;
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
    ws.on("message", (frame: Buffer) =>
      startsWith(frame, MESSAGE)
        ? this.#onMessage(frame)
        : this.#onControl(JSON.parse(frame.toString()) as Control, startedAt),
    );
    ws.on("error", () => undefined);
    ws.on("close", (_code, reason) => this.#onClose(String(reason)));
  }

  #onClose(reason: string): void {
    if (this.#isClosed) return;
    this.#lostAt ||= performance.now();
    const asked = /"retryAfterMs":(\d+)/.exec(reason)?.[1];
    const ms = Math.max(Number(asked ?? this.#retryAfterMs), Math.random() * RETRY_MS);
    this.#retryAfterMs = 0;
    setTimeout(() => this.#connect(), ms);
  }

  #onMessage(frame: Buffer): void {
    const seq = Number.parseInt(frame.toString("latin1", MESSAGE.length, MESSAGE.length + 16), 10);
    if (seq <= this.#seq) {
      this.#events.count("repeats");
      return;
    }
    if (seq !== this.#seq + 1) this.#events.count("holes");
    this.#seq = seq;
    this.#events.received(frame);
  }

  #onControl({ type, outcome, code }: Control, startedAt: number): void {
    if (type === "error") this.#events.count(`error ${code}`);
    if (outcome === "gap") this.#events.count("gaps");
    if (type !== "caught_up") return;
    if (this.#hasJoined) {
      const now = performance.now();
      this.#events.recovered(now - this.#lostAt, now - startedAt);
    }
    this.#hasJoined = true;
    this.#joined.resolve();
    this.#lostAt = 0;
  }

  /** Drops the connection without a close frame and stays offline. */
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

/** Opens a member of Parley that resumes; its sending half does not reconnect. */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const sending = spec.sends ? await openSender(String(endpoint.producer), spec, events) : undefined;
  const listening = spec.listens ? new ResumingListener(String(endpoint.consumer), spec, events) : undefined;
  await listening?.open();
  return {
    send: (n, body) => sending?.send(messageFrame(spec, n, body)),
    cut: (offlineMs) => listening?.cut(offlineMs),
    pause: () => listening?.pause(true),
    resume: () => listening?.pause(false),
    close: () => {
      listening?.close();
      if (sending !== undefined) terminate(sending);
    },
  };
}
