import { WebSocket } from "ws";
import type { Frame } from "./frame-socket.ts";

/** How long after a lost connection a client tries again, ms. */
const RECONNECT_MS = 100;
/** A message that is not answered in this time is sent again under the same id, ms. */
const RESEND_MS = 5_000;

export type Ack = Frame & { readonly id: string; readonly duplicate: boolean };
type Unacked = { frame: string; sentAt: number; done: (ack: Ack) => void };

/**
 * A client as the protocol wants it to be: it keeps each message until it is acknowledged, and sends it again under
 * the same id after a lost connection, a refusal that says so, or silence.
 */
export class Sender {
  readonly #url: string;
  readonly #token: () => string;
  readonly #unacked = new Map<string, Unacked>();
  #ws: WebSocket | undefined;
  #isClosed = false;
  readonly #resend: NodeJS.Timeout;
  /** Error frames by code, and closes by code. */
  readonly refusals: Record<string, number> = {};

  constructor(url: string, token: () => string) {
    this.#url = url;
    this.#token = token;
    this.#connect();
    this.#resend = setInterval(() => this.#sendOld(), RESEND_MS / 5);
  }

  get unacked(): number {
    return this.#unacked.size;
  }

  /** Sends a message until it is acknowledged. */
  send(room: string, id: string, body: string): Promise<Ack> {
    const frame = JSON.stringify({ type: "message", id, room, body });
    return new Promise((done) => {
      this.#unacked.set(id, { frame, sentAt: performance.now(), done });
      if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(frame);
    });
  }

  #connect(): void {
    if (this.#isClosed) return;
    const ws = new WebSocket(this.#url, { headers: { authorization: `Bearer ${this.#token()}` } });
    this.#ws = ws;
    ws.on("open", () => {
      for (const one of this.#unacked.values()) this.#write(ws, one);
    });
    ws.on("message", (bytes) => this.#take(ws, JSON.parse(String(bytes)) as Frame));
    ws.on("error", () => undefined);
    ws.on("close", (code) => {
      this.refusals[code] = (this.refusals[code] ?? 0) + 1;
      setTimeout(() => this.#connect(), RECONNECT_MS);
    });
  }

  #take(ws: WebSocket, frame: Frame): void {
    if (frame.type === "ack") {
      const ack = frame as Ack;
      this.#unacked.get(ack.id)?.done(ack);
      this.#unacked.delete(ack.id);
    } else if (frame.type === "error") {
      const {
        code,
        id,
        retryAfterMs = RECONNECT_MS,
      } = frame as { code?: string; id?: string; retryAfterMs?: number };
      this.refusals[String(code)] = (this.refusals[String(code)] ?? 0) + 1;
      const refused = this.#unacked.get(String(id));
      if (refused) setTimeout(() => this.#write(ws, refused), retryAfterMs);
    }
  }

  #write(ws: WebSocket, one: Unacked): void {
    if (ws.readyState !== WebSocket.OPEN) return;
    one.sentAt = performance.now();
    ws.send(one.frame);
  }

  #sendOld(): void {
    const ws = this.#ws;
    if (!ws) return;
    for (const one of this.#unacked.values())
      if (performance.now() - one.sentAt > RESEND_MS) this.#write(ws, one);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#resend);
    this.#ws?.close();
  }
}
