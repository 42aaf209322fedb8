import type { Account } from "@parley/devstack/accounts";
import type { WebSocket } from "ws";
import { openSocket, RECONNECT_MS, ReconnectingClient } from "./client-socket.ts";
import type { Ack, Sent } from "./evidence.ts";

/** A message without an answer is sent again under the same id after this time, ms. */
const RESEND_MS = 4_000;
/** Most messages in flight of one sender of a chaos run. */
export const WINDOW = 20;
/** Every n-th message asks for a `stored` receipt. */
const RECEIPT_EVERY = 25;
/** Refusals after which the same message may be sent again. */
const RETRYABLE = new Set(["overloaded", "unavailable", "rate_limited", "unauthenticated"]);

type InFlight = {
  readonly sent: Sent;
  readonly frame: string;
  readonly onAck: (ack: Ack) => void;
  at: number;
};
type Answer = Readonly<{
  type: string;
  id?: string;
  code?: string;
  duplicate?: boolean;
  seq?: number;
  retryAfterMs?: number;
}>;

/** A client that sends each message under one id until it is answered, and records the answers. */
export class Sender extends ReconnectingClient {
  readonly account: Pick<Account, "id" | "username" | "token">;
  readonly sent: Sent[] = [];
  readonly #byId = new Map<string, Sent>();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #resend: NodeJS.Timeout;

  constructor(urls: string | readonly string[], account: Sender["account"]) {
    super(urls, account.token);
    this.account = account;
    this.#resend = setInterval(() => this.#sendOld(), RESEND_MS / 4);
  }

  get unanswered(): number {
    return this.#inFlight.size;
  }

  /** Sends the next message of this sender. */
  sendNext(room: string): void {
    const n = this.sent.length;
    const receipt = n % RECEIPT_EVERY === 0 ? { receipt: "stored" } : {};
    void this.send(room, `m${n}`, `${n} of ${this.account.username}`, receipt);
  }

  /** Sends a message until it is answered; resolves when it is acknowledged, and never rejects. */
  send(room: string, id: string, body: string, more: object = {}): Promise<Ack> {
    const frame = JSON.stringify({ type: "message", id, room, body, ...more });
    const author = this.account.id;
    const sent: Sent = { author, id, room, body, acks: [], seqs: [], refusals: [], abandoned: false };
    this.sent.push(sent);
    this.#byId.set(id, sent);
    return new Promise((onAck) => {
      const one = { sent, frame, onAck, at: performance.now() };
      this.#inFlight.set(id, one);
      this.#write(one);
    });
  }

  /** Terminates the connection and forgets what was in flight; then reconnects. */
  vanish(): void {
    for (const { sent } of this.#inFlight.values()) sent.abandoned = true;
    this.#inFlight.clear();
    this.drop();
  }

  /** Sends the newest messages again, answered or not, on a second socket and on the first one. */
  repeat(count: number, forMs: number): void {
    const again = this.sent
      .slice(-count)
      .filter(({ refusals, abandoned }) => refusals.length === 0 && !abandoned);
    const second = openSocket(this.url, this.token);
    const sendAll = (ws: WebSocket) => {
      for (const { id, room, body } of again) ws.send(JSON.stringify({ type: "message", id, room, body }));
    };
    second.on("open", () => sendAll(second));
    second.on("message", (bytes) => this.onFrame(second, JSON.parse(String(bytes)) as Answer));
    if (this.ws !== undefined) sendAll(this.ws);
    setTimeout(() => second.terminate(), forMs);
  }

  override close(): void {
    clearInterval(this.#resend);
    super.close();
  }

  protected onOpen(): void {
    for (const one of this.#inFlight.values()) this.#write(one);
  }

  protected onFrame(_ws: WebSocket, { type, id = "", duplicate = false, seq, ...refusal }: Answer): void {
    const { code = "", retryAfterMs } = refusal;
    const sent = this.#byId.get(id);
    if (type === "error") this.count(code);
    if (sent === undefined) return;
    if (type === "ack") {
      const ack = { at: performance.now(), duplicate };
      sent.acks.push(ack);
      this.#inFlight.get(id)?.onAck(ack);
      this.#inFlight.delete(id);
    } else if (type === "stored" && seq !== undefined) sent.seqs.push(seq);
    else if (type === "error") this.#onRefusal(sent, code, retryAfterMs);
  }

  #onRefusal(sent: Sent, code: string, retryAfterMs = RECONNECT_MS): void {
    const one = this.#inFlight.get(sent.id);
    if (RETRYABLE.has(code)) {
      if (one !== undefined)
        setTimeout(() => this.#inFlight.get(sent.id) === one && this.#write(one), retryAfterMs);
      return;
    }
    sent.refusals.push(code);
    this.#inFlight.delete(sent.id);
  }

  #write(one: InFlight): void {
    if (this.ws === undefined) return;
    one.at = performance.now();
    this.ws.send(one.frame);
  }

  #sendOld(): void {
    const now = performance.now();
    for (const one of this.#inFlight.values()) if (now - one.at > RESEND_MS) this.#write(one);
  }
}
