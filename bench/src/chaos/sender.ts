import { WebSocket } from "ws";
import type { Account } from "./account.ts";
import type { Sent } from "./evidence.ts";

/** How long after a lost connection a client tries again, and at most how long a handshake may take, ms. */
const RECONNECT_MS = 100;
const HANDSHAKE_MS = 3_000;
/** A message without an answer for so long is sent again under the same id, ms. */
const RESEND_MS = 4_000;
/** Messages that one sender may have on their way. */
export const WINDOW = 20;
/** Every so many messages a `stored` receipt is asked for. */
const RECEIPT_EVERY = 25;
/** Refusals after which the same message may be sent again. */
const PASSING: ReadonlySet<string> = new Set([
  "overloaded",
  "unavailable",
  "rate_limited",
  "unauthenticated",
]);

type Unanswered = { readonly sent: Sent; readonly frame: string; at: number };
type Answer = Readonly<{
  type: string;
  id?: string;
  code?: string;
  duplicate?: boolean;
  seq?: number;
  retryAfterMs?: number;
}>;

/** A client that sends each message until it is answered, under one id, and writes down what it is told. */
export class Sender {
  readonly account: Account;
  readonly sent: Sent[] = [];
  /** Refusals and closes by code. */
  readonly refusals: Record<string, number> = {};
  readonly #url: string;
  readonly #byId = new Map<string, Sent>();
  readonly #unanswered = new Map<string, Unanswered>();
  readonly #resend: NodeJS.Timeout;
  #ws: WebSocket | undefined;
  #isClosed = false;

  constructor(url: string, account: Account) {
    this.#url = url;
    this.account = account;
    this.#connect();
    this.#resend = setInterval(() => this.#sendOld(), RESEND_MS / 4);
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** Sends one message, at once if there is a connection. */
  send(room: string): void {
    const n = this.sent.length;
    const id = `m${n}`;
    const body = `${n} of ${this.account.username}`;
    const wish = n % RECEIPT_EVERY === 0 ? { receipt: "stored" } : {};
    const frame = JSON.stringify({ type: "message", id, room, body, ...wish });
    const sent: Sent = {
      author: this.account.id,
      id,
      room,
      body,
      sentAt: performance.now(),
      acks: [],
      seqs: [],
      refusals: [],
      abandoned: false,
    };
    this.sent.push(sent);
    this.#byId.set(id, sent);
    const one = { sent, frame, at: sent.sentAt };
    this.#unanswered.set(id, one);
    if (this.#ws !== undefined) this.#write(this.#ws, one);
  }

  /** Ends the connection without a word and forgets what was on its way; then comes back. */
  vanish(): void {
    for (const { sent } of this.#unanswered.values()) sent.abandoned = true;
    this.#unanswered.clear();
    this.#ws?.terminate();
  }

  /** Sends the newest messages again, on a second socket and on the first one, answered or not. */
  repeat(count: number, forMs: number): void {
    const again = this.sent
      .slice(-count)
      .filter(({ refusals, abandoned }) => refusals.length === 0 && !abandoned);
    const second = this.#open();
    const send = (ws: WebSocket) => {
      for (const { id, room, body } of again) ws.send(JSON.stringify({ type: "message", id, room, body }));
    };
    second.on("open", () => send(second));
    second.on("message", (bytes) => this.#take(second, bytes));
    if (this.#ws?.readyState === WebSocket.OPEN) send(this.#ws);
    setTimeout(() => second.terminate(), forMs);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#resend);
    this.#ws?.terminate();
  }

  #open(): WebSocket {
    const headers = { authorization: `Bearer ${this.account.token}` };
    const ws = new WebSocket(this.#url, {
      headers,
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
    });
    ws.on("error", () => undefined);
    return ws;
  }

  #connect(): void {
    if (this.#isClosed) return;
    const ws = this.#open();
    this.#ws = ws;
    ws.on("open", () => {
      for (const one of this.#unanswered.values()) this.#write(ws, one);
    });
    ws.on("message", (bytes) => this.#take(ws, bytes));
    ws.on("close", (code) => {
      this.#count(String(code));
      setTimeout(() => this.#connect(), RECONNECT_MS);
    });
  }

  #take(ws: WebSocket, bytes: unknown): void {
    const {
      type,
      id = "",
      duplicate = false,
      seq,
      code = "",
      retryAfterMs,
    } = JSON.parse(String(bytes)) as Answer;
    const sent = this.#byId.get(id);
    if (type === "error") this.#count(code);
    if (sent === undefined) return;
    if (type === "ack") {
      sent.acks.push({ at: performance.now(), duplicate });
      this.#unanswered.delete(id);
    } else if (type === "stored" && seq !== undefined) sent.seqs.push(seq);
    else if (type === "error") this.#takeRefusal(ws, sent, code, retryAfterMs);
  }

  #takeRefusal(ws: WebSocket, sent: Sent, code: string, retryAfterMs = RECONNECT_MS): void {
    const one = this.#unanswered.get(sent.id);
    if (PASSING.has(code)) {
      if (one !== undefined)
        setTimeout(() => this.#unanswered.has(sent.id) && this.#write(ws, one), retryAfterMs);
      return;
    }
    sent.refusals.push(code);
    this.#unanswered.delete(sent.id);
  }

  #write(ws: WebSocket, one: Unanswered): void {
    if (ws.readyState !== WebSocket.OPEN) return;
    one.at = performance.now();
    ws.send(one.frame);
  }

  #sendOld(): void {
    const now = performance.now();
    const ws = this.#ws;
    if (ws === undefined) return;
    for (const one of this.#unanswered.values()) if (now - one.at > RESEND_MS) this.#write(ws, one);
  }

  #count(code: string): void {
    this.refusals[code] = (this.refusals[code] ?? 0) + 1;
  }
}
