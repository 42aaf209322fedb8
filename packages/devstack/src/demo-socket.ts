import { WebSocket } from "ws";

export type Frame = Readonly<Record<string, unknown>>;

/** A WebSocket whose frames are taken one by one. */
export interface Frames {
  send(frame: Frame): void;
  /** The next frame of that type; others before it are dropped, an `error` frame or the socket's end is thrown. */
  next(type: string, deadlineMs?: number): Promise<Frame>;
  close(): void;
}

/** Opens a socket with a bearer token and waits for `hello`. @throws if it is refused. */
export async function openFrames(url: string, token: string): Promise<Frames> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const waiting: Frame[] = [];
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  socket.on("message", (content) => {
    waiting.push(JSON.parse(String(content)) as Frame);
    wake();
  });
  socket.on("error", (error) => {
    failure ??= error;
    wake();
  });
  socket.on("close", (code, reason) => {
    failure ??= new Error(`the socket was closed: ${code} ${reason}`);
    wake();
  });
  const next = async (type: string, deadlineMs = 10_000): Promise<Frame> => {
    const timeout = setTimeout(() => {
      failure ??= new Error(`no ${type} in ${deadlineMs} ms`);
      wake();
    }, deadlineMs);
    try {
      for (;;) {
        const frame = waiting.shift();
        if (frame?.type === type) return frame;
        if (frame?.type === "error") throw new Error(`instead of ${type}: ${JSON.stringify(frame)}`);
        if (frame !== undefined) continue;
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      clearTimeout(timeout);
    }
  };
  await next("hello");
  return { send: (frame) => socket.send(JSON.stringify(frame)), next, close: () => socket.close() };
}
