import type { Frame, User } from "./frames.ts";
import type { Endpoint, SocketLike } from "./types.ts";

/** What a socket of the twin needs of its server. */
export interface TwinDoor {
  /** Called when a socket is made; false leaves it CONNECTING. */
  admit(socket: TwinSocket): boolean;
  userOf(token: string): User | undefined;
  hello(socket: TwinSocket): object;
  take(socket: TwinSocket, frame: Frame): void;
  gone(socket: TwinSocket): void;
}

/** A WebSocket whose server is in the same process. Frames arrive in order, each in a turn of its own. */
export class TwinSocket implements SocketLike {
  readyState = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  readonly endpoint: Endpoint;
  user: User | undefined;
  /** What the client sent on it. */
  readonly sent: Frame[] = [];
  /** Rooms that are listened to. */
  readonly rooms = new Set<string>();
  readonly #door: TwinDoor;

  constructor(url: string, door: TwinDoor) {
    this.endpoint = url.includes("/send/") ? "send" : "listen";
    this.#door = door;
    queueMicrotask(() => {
      if (this.readyState !== 0 || !door.admit(this)) return;
      this.readyState = 1;
      this.onopen?.({} as never);
    });
  }

  send(text: string): void {
    if (this.readyState !== 1) return;
    const frame = JSON.parse(text) as Frame;
    this.sent.push(frame);
    queueMicrotask(() => this.#take(frame));
  }

  close(code = 1000): void {
    this.drop(code, "");
  }

  /** The server sends a frame. */
  push(frame: object): void {
    const text = JSON.stringify(frame);
    queueMicrotask(() => {
      if (this.readyState === 1) this.onmessage?.({ data: text } as never);
    });
  }

  /** The server, or the network, ends it. */
  drop(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#door.gone(this);
    queueMicrotask(() => this.onclose?.({ code, reason } as never));
  }

  #take(frame: Frame): void {
    if (this.readyState !== 1) return;
    const wasKnown = this.user !== undefined;
    this.user ??= frame.type === "auth" ? this.#door.userOf(String(frame.token)) : undefined;
    if (this.user) {
      if (wasKnown) this.#door.take(this, frame);
      else this.push(this.#door.hello(this));
      return;
    }
    this.push({ type: "error", code: "unauthenticated", message: "the token is not valid" });
    queueMicrotask(() => this.drop(4401, "not authenticated"));
  }
}
