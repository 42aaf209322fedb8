import { WebSocket } from "ws";

/** Pause before a reconnect, and the deadline for a handshake, ms. */
export const RECONNECT_MS = 100;
const HANDSHAKE_MS = 3_000;

/** Opens a socket with a token. Errors are ignored: a close follows each. */
export function openSocket(url: string, token: string): WebSocket {
  const headers = { authorization: `Bearer ${token}` };
  const ws = new WebSocket(url, { headers, handshakeTimeout: HANDSHAKE_MS, perMessageDeflate: false });
  return ws.on("error", () => undefined);
}

/** A client that reconnects after every lost connection, until it is closed. */
export abstract class ReconnectingClient {
  /** Error frames and closes, by code. */
  readonly refusals: Record<string, number> = {};
  connects = 0;
  protected url: string;
  protected readonly token: string;
  readonly #urls: readonly string[];
  #ws: WebSocket | undefined;
  #isClosed = false;

  /** @param urls - where it connects; of several, to the next one after each close */
  constructor(urls: string | readonly string[], token: string) {
    this.#urls = [urls].flat();
    this.url = this.#urls[0] as string;
    this.token = token;
    this.#connect();
  }

  /** Whether it goes to another address after a close. */
  get moves(): boolean {
    return this.#urls.length > 1;
  }

  protected abstract onOpen(ws: WebSocket): void;
  protected abstract onFrame(ws: WebSocket, frame: never): void;

  /** Pause before the reconnect after a close with this reason, ms. */
  protected afterClose(_reason: string): number {
    return RECONNECT_MS;
  }

  /** The socket, if it is open. */
  protected get ws(): WebSocket | undefined {
    return this.#ws?.readyState === WebSocket.OPEN ? this.#ws : undefined;
  }

  /** Terminates the connection without a close frame; the client reconnects. */
  drop(): void {
    this.#ws?.terminate();
  }

  close(): void {
    this.#isClosed = true;
    this.#ws?.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  protected count(code: string): void {
    this.refusals[code] = (this.refusals[code] ?? 0) + 1;
  }

  #connect(): void {
    if (this.#isClosed) return;
    const ws = openSocket(this.url, this.token);
    this.#ws = ws;
    ws.on("open", () => {
      this.connects += 1;
      this.onOpen(ws);
    });
    ws.on("message", (bytes) => ws === this.#ws && this.onFrame(ws, JSON.parse(String(bytes)) as never));
    ws.on("close", (code, reason) => {
      this.count(String(code));
      if (this.moves) this.url = this.#urls[(this.#urls.indexOf(this.url) + 1) % this.#urls.length] as string;
      setTimeout(() => this.#connect(), this.afterClose(String(reason)));
    });
  }
}
