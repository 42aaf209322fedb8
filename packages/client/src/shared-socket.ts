import type { ToTab } from "./tab-messages.ts";
import type { SocketLike } from "./types.ts";

type Frame = { type: string; id?: string; room?: string; rooms?: Record<string, number> };

/**
 * One real socket for the sockets of all tabs. Everything that comes is passed to all of them: answers carry ids, and
 * events a seq, so each tab knows what is its own. Only the greeting, tokens and subscriptions need care.
 */
export class SharedSocket {
  readonly #connect: () => SocketLike;
  readonly #send: (message: ToTab) => void;
  /** Tab by socket. */
  readonly #sockets = new Map<string, string>();
  /** Sockets that listen to a room. */
  readonly #rooms = new Map<string, Set<string>>();
  #real: SocketLike | undefined;
  #hello: string | undefined;
  #hasAuth = false;

  constructor(connect: () => SocketLike, send: (message: ToTab) => void) {
    this.#connect = connect;
    this.#send = send;
  }

  open(tab: string, socket: string): void {
    this.#sockets.set(socket, tab);
    if (!this.#real) this.#dial();
    else if (this.#real.readyState === 1) this.#send({ kind: "opened", socket });
  }

  frame(socket: string, text: string): void {
    if (!this.#sockets.has(socket) || this.#real?.readyState !== 1) return;
    const frame = JSON.parse(text) as Frame;
    if (frame.type === "auth" && frame.id === undefined) this.#auth(socket, text);
    else if (frame.type === "unsubscribe") this.#unsubscribe(socket, String(frame.room), text);
    else {
      for (const room of frame.type === "subscribe" ? [String(frame.room)] : Object.keys(frame.rooms ?? {}))
        this.#rooms.set(room, (this.#rooms.get(room) ?? new Set()).add(socket));
      this.#real.send(text);
    }
  }

  close(socket: string): void {
    this.#sockets.delete(socket);
    for (const [room, sockets] of this.#rooms)
      if (sockets.has(socket)) this.#unsubscribe(socket, room, JSON.stringify({ type: "unsubscribe", room }));
    if (this.#sockets.size === 0) this.end();
  }

  leave(tab: string): void {
    for (const [socket, owner] of this.#sockets) if (owner === tab) this.close(socket);
  }

  end(): void {
    const real = this.#real;
    this.#forget();
    if (!real) return;
    real.onopen = real.onmessage = real.onclose = null;
    real.onerror = () => undefined;
    real.close(1000);
  }

  /** The first token authenticates; who comes later is greeted by what the server said then. */
  #auth(socket: string, text: string): void {
    if (this.#hello !== undefined) this.#send({ kind: "frame", sockets: [socket], text: this.#hello });
    else if (!this.#hasAuth) this.#real?.send(text);
    this.#hasAuth = true;
  }

  #unsubscribe(socket: string, room: string, text: string): void {
    const sockets = this.#rooms.get(room);
    sockets?.delete(socket);
    if (!sockets || sockets.size > 0) return;
    this.#rooms.delete(room);
    if (this.#real?.readyState === 1) this.#real.send(text);
  }

  #dial(): void {
    const real = this.#connect();
    this.#real = real;
    real.onopen = () => {
      for (const socket of this.#sockets.keys()) this.#send({ kind: "opened", socket });
    };
    real.onmessage = ({ data }: { data: unknown }) => {
      const text = String(data);
      if (this.#hello === undefined && text.startsWith('{"type":"hello"')) this.#hello = text;
      this.#send({ kind: "frame", sockets: [...this.#sockets.keys()], text });
    };
    real.onclose = ({ code, reason }: { code: number; reason: string }) => {
      const sockets = [...this.#sockets.keys()];
      this.#forget();
      this.#send({ kind: "closed", sockets, code, reason: String(reason ?? "") });
    };
    real.onerror = () => undefined;
  }

  #forget(): void {
    this.#real = undefined;
    this.#hello = undefined;
    this.#hasAuth = false;
    this.#rooms.clear();
    this.#sockets.clear();
  }
}
