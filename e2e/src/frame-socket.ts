import { once } from "node:events";
import { Client, type Frame } from "@parley/socket/client-fixture";
import { WebSocket } from "ws";

export type { Frame } from "@parley/socket/client-fixture";

/** Longest wait for a frame, ms. */
const FRAME_DEADLINE_MS = 15_000;

/** A raw socket for tests that look at single frames: `next` and `find` take them one after the other. */
export class FrameSocket extends Client {
  #taken = 0;

  constructor(url: string, { token, headers }: { token?: string; headers?: Record<string, string> } = {}) {
    super(url, { headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) } });
  }

  /** Opens a socket and waits for `hello`. */
  static async open(url: string, token: string): Promise<FrameSocket> {
    const socket = new FrameSocket(url, { token });
    await socket.next("hello");
    return socket;
  }

  /** Opens a socket of a consumer, subscribes to a room and waits until it has caught up. */
  static async listen(url: string, token: string, room: string): Promise<FrameSocket> {
    const socket = await FrameSocket.open(url, token);
    socket.send({ type: "subscribe", room });
    await socket.next("caught_up");
    return socket;
  }

  /** The answer to a handshake: 101 for a socket, which is closed at once, else the HTTP status. */
  static async statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
    const { ws } = new FrameSocket(url, { headers });
    const opened = once(ws, "open").then(() => 101);
    const refused = once(ws, "unexpected-response").then(([, answer]) => answer.statusCode as number);
    for (const outcome of [opened, refused]) outcome.catch(() => undefined);
    const status = await Promise.any([opened, refused]);
    ws.terminate();
    return status;
  }

  /** The next frame of one of these types, after those already taken. @throws when the socket ends or time is up. */
  next(...types: string[]): Promise<Frame> {
    return this.find(({ type }) => types.includes(type));
  }

  /** The next frame that matches, after those already taken. @throws when the socket ends or time is up. */
  async find(match: (frame: Frame) => boolean, deadlineMs = FRAME_DEADLINE_MS): Promise<Frame> {
    const until = performance.now() + deadlineMs;
    for (;;) {
      for (let frame = this.frames[this.#taken]; frame; frame = this.frames[this.#taken]) {
        this.#taken += 1;
        if (match(frame)) return frame;
      }
      const left = until - performance.now();
      if (left <= 0)
        throw new Error(`no such frame in ${deadlineMs} ms; the last: ${JSON.stringify(this.frames.at(-1))}`);
      if (this.ws.readyState >= WebSocket.CLOSING) {
        const { code, reason } = await this.closed;
        throw new Error(`the socket was closed: ${code} ${reason}`);
      }
      const more = AbortSignal.timeout(Math.ceil(left));
      await Promise.race([once(this.ws, "message", { signal: more }), this.closed]).catch(() => undefined);
    }
  }

  close(): void {
    this.ws.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
