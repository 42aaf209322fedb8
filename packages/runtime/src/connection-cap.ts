import type { Server } from "node:http";
import { addressKey } from "./address-key.ts";

/**
 * Caps the open TCP connections of one address, those included that have not sent a request yet. Beyond `max` they are
 * reset at once, before a byte of them is read.
 *
 * @param isExempt Whether a peer is a proxy that speaks for many; the addresses that it forwards are counted after the
 * headers, by the limits of requests, sockets and handshakes.
 * @param isCutOff Whether an address, by its key, may not connect now
 */
export function capConnections(
  server: Server,
  max: number,
  isExempt: (address: string) => boolean,
  isCutOff: (key: string) => boolean,
): void {
  const open = new Map<string, number>();
  server.prependListener("connection", (socket) => {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || isExempt(remoteAddress)) return;
    const key = addressKey(remoteAddress);
    const count = (open.get(key) ?? 0) + 1;
    if (count > max || isCutOff(key)) {
      socket.resetAndDestroy();
      return;
    }
    open.set(key, count);
    socket.once("close", () => {
      const left = (open.get(key) as number) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    });
  });
}
