import { once } from "node:events";
import { WebSocket } from "ws";

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** How long a frame that a test waits for may take, ms. */
const FRAME_DEADLINE_MS = 15_000;

/** A raw socket that keeps every frame it was sent. Nothing is hidden from a test. */
export class FrameSocket {
  readonly ws: WebSocket;
  readonly frames: Frame[] = [];
  /** Resolves when the socket is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  #taken = 0;

  constructor(url: string, options: { token?: string; headers?: Record<string, string> } = {}) {
    const headers = {
      ...options.headers,
      ...(options.token && { authorization: `Bearer ${options.token}` }),
    };
    this.ws = new WebSocket(url, { headers });
    this.ws.on("message", (bytes) => this.frames.push(JSON.parse(String(bytes))));
    this.ws.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      this.ws.on("close", (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  /** Opens a socket and waits for `hello`. */
  static async open(url: string, token: string): Promise<FrameSocket> {
    const socket = new FrameSocket(url, { token });
    await socket.next((frame) => frame.type === "hello");
    return socket;
  }

  send(frame: object | string): void {
    this.ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** The next frame that matches, after those that were taken before. @throws when the socket ends or time is up. */
  async next(match: (frame: Frame) => boolean, deadlineMs = FRAME_DEADLINE_MS): Promise<Frame> {
    const until = performance.now() + deadlineMs;
    for (;;) {
      for (let frame = this.frames[this.#taken]; frame; frame = this.frames[this.#taken]) {
        this.#taken += 1;
        if (match(frame)) return frame;
      }
      const left = until - performance.now();
      if (left <= 0)
        throw new Error(`no such frame in ${deadlineMs} ms; the last: ${JSON.stringify(this.frames.at(-1))}`);
      if (this.ws.readyState >= WebSocket.CLOSING) throw new Error("the socket was closed");
      const more = AbortSignal.timeout(Math.ceil(left));
      await Promise.race([once(this.ws, "message", { signal: more }), this.closed]).catch(() => undefined);
    }
  }

  close(): void {
    this.ws.close();
  }
}
