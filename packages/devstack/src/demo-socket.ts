import { on } from "node:events";
import { WebSocket } from "ws";

export type Frame = Readonly<Record<string, unknown>>;

/** A WebSocket whose frames are read one by one. */
export type FrameSocket = Readonly<{
  send: (frame: Frame) => void;
  /** The next frame of that type, skipping others. @throws on an `error` frame, a closed socket, or after 10 s. */
  next: (type: string) => Promise<Frame>;
  close: () => void;
}>;

/** Opens a socket with a bearer token and waits for `hello`. @throws if it is refused. */
export async function openFrameSocket(url: string, token: string): Promise<FrameSocket> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const messages = on(socket, "message", { close: ["close"] });
  const next = async (type: string): Promise<Frame> => {
    const timer = setTimeout(() => socket.terminate(), 10_000);
    try {
      for (;;) {
        const { value, done } = await messages.next();
        if (done) throw new Error(`the socket ended before ${type}`);
        const frame = JSON.parse(String(value[0])) as Frame;
        if (frame.type === type) return frame;
        if (frame.type === "error") throw new Error(`instead of ${type}: ${JSON.stringify(frame)}`);
      }
    } finally {
      clearTimeout(timer);
    }
  };
  await next("hello");
  return { send: (frame) => socket.send(JSON.stringify(frame)), next, close: () => socket.close() };
}
