import type { Endpoint, SocketLike } from "./types.ts";

/** A socket that goes through the tab that leads; to its user it is a WebSocket. */
export class TabSocket implements SocketLike {
  readyState = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  readonly endpoint: Endpoint;
  readonly #transmit: (text: string) => void;
  readonly #end: () => void;

  constructor(endpoint: Endpoint, transmit: (text: string) => void, end: () => void) {
    this.endpoint = endpoint;
    this.#transmit = transmit;
    this.#end = end;
  }

  send(text: string): void {
    if (this.readyState === 1) this.#transmit(text);
  }

  close(): void {
    if (this.readyState > 1) return;
    this.#end();
    this.closed(1000, "");
  }

  opened(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.({} as never);
  }

  received(text: string): void {
    if (this.readyState === 1) this.onmessage?.({ data: text } as never);
  }

  closed(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({ code, reason } as never));
  }
}
