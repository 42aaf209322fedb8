import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import type { Connection, ConnectionEvents } from "../load/connection.ts";

type DialOptions = Readonly<{ protocol?: string; headers?: Readonly<Record<string, string>> }>;

/**
 * A light client socket: no compression, no UTF-8 validation, and what is sent in one turn of the event loop leaves in
 * one write.
 */
export function dial(url: string, { protocol, headers = {} }: DialOptions = {}): WebSocket {
  let tcp: Socket | undefined;
  const ws = new WebSocket(url, protocol === undefined ? [] : [protocol], {
    headers,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    createConnection: () => {
      const { hostname, port } = new URL(url);
      tcp = connect({ host: hostname, port: Number(port), noDelay: true });
      return tcp;
    },
  });
  const send = ws.send.bind(ws) as (data: string | Buffer) => void;
  let isCorked = false;
  const uncork = () => {
    isCorked = false;
    tcp?.uncork();
  };
  ws.send = (data: string | Buffer) => {
    if (!isCorked) {
      isCorked = true;
      tcp?.cork();
      process.nextTick(uncork);
    }
    send(data);
  };
  return ws;
}

/** How a dialect reports the state of its socket while it reads. */
export type JoinGate = Readonly<{
  /** The member is in its room: from now on the end of the socket is reported to its events. */
  joined: () => void;
  /** The target refused the member, or closed it. */
  fail: (reason: string) => void;
}>;

type Reader = Readonly<{
  onOpen?: (gate: JoinGate) => void;
  onFrame: (frame: Buffer, gate: JoinGate) => void;
}>;

/** Reads a socket; resolves once its reader has joined. @throws if the socket ends or fails before. */
export function untilJoined(
  ws: WebSocket,
  events: ConnectionEvents,
  { onOpen, onFrame }: Reader,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let onEnd = (reason: string): void => reject(new Error(`${reason}, before it had joined its room`));
    const gate: JoinGate = {
      joined: () => {
        onEnd = (reason) => events.dropped(reason);
        resolve();
      },
      fail: (reason) => onEnd(reason),
    };
    ws.on("error", (error) => onEnd(error.message));
    ws.on("close", (code) => onEnd(`closed with ${code}`));
    ws.once("open", () => onOpen?.(gate));
    ws.on("message", (frame: Buffer) => onFrame(frame, gate));
  });
}

/** Terminates a socket without reporting it. */
export function terminate(ws: WebSocket): void {
  ws.removeAllListeners("close");
  ws.terminate();
}

/** A connection that sends and receives on one socket. */
export function connectionOn(ws: WebSocket, send: Connection["send"]): Connection {
  return { send, close: () => terminate(ws) };
}
