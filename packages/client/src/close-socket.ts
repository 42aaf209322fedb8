import type { SocketLike } from "./types.ts";

/** How long the close handshake may take, ms. */
const CLOSING_MS = 1_000;

const nothing = (): void => undefined;

/**
 * Closes a socket whose events nobody wants any more. Resolves when it is closed, or after a second: `ws` in Node keeps
 * a dead one for 30 s unless it is terminated.
 */
export function closeSocket(socket: SocketLike & { terminate?: () => void }): Promise<void> {
  // Also of errors: `ws` throws what no listener takes.
  socket.onopen = socket.onmessage = socket.onerror = nothing;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.terminate?.();
      resolve();
    }, CLOSING_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.onclose = done;
    if (socket.readyState === 3) done();
    else socket.close(1_000);
  });
}
