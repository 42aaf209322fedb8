import { once } from "node:events";
import { WebSocket } from "ws";

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** A client for tests that keeps the frames it received. */
export class Client {
  readonly ws: WebSocket;
  readonly frames: Frame[] = [];
  /** Resolves when the socket is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, options: object = {}) {
    this.ws = new WebSocket(url, options);
    this.ws.on("message", (bytes) => this.frames.push(JSON.parse(String(bytes))));
    this.ws.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      this.ws.on("close", (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  send(frame: object | string): void {
    this.ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** The first frame that matches, which came or comes. */
  async frame(match: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(match);
      if (found) return found;
      await once(this.ws, "message");
    }
  }
}
