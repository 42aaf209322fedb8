import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import type { Connection, ConnectionEvents } from "../load/connection.ts";
import { readFrames } from "./frames.ts";

export type DialOptions = Readonly<{ protocol?: string; headers?: Readonly<Record<string, string>> }>;

/**
 * A socket of the load generator, as light as a client can be: no compression, no check of UTF-8, and what is sent in
 * one turn of the event loop leaves in one write.
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

/** What a dialect says of its socket while it reads. */
export type JoinGate = Readonly<{
  /** The member is in its room: what ends the socket from now on is told to its events. */
  joined: () => void;
  /** The target turned it away, or threw it out. */
  fail: (why: string) => void;
}>;

export type Reader = Readonly<{
  onOpen?: (gate: JoinGate) => void;
  /** A frame: `bytes` from `from` to `to`, where others may lie before and behind it. */
  onFrame: (bytes: Buffer, gate: JoinGate, from: number, to: number) => void;
}>;

/** For a dialect that reads each frame by itself: gives it a view of the frame alone. */
export function frameByFrame(onFrame: (frame: Buffer, gate: JoinGate) => void): Reader["onFrame"] {
  return (bytes, gate, from, to) => onFrame(bytes.subarray(from, to), gate);
}

/** Reads a socket; resolves once its reader has entered. @throws if the socket ends or fails before. */
export function untilJoined(
  ws: WebSocket,
  events: ConnectionEvents,
  { onOpen, onFrame }: Reader,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let onEnd = (why: string): void => reject(new Error(`${why}, before it was in its room`));
    const gate: JoinGate = {
      joined: () => {
        onEnd = (why) => events.dropped(why);
        resolve();
      },
      fail: (why) => onEnd(why),
    };
    ws.on("error", (error) => onEnd(error.message));
    ws.on("close", (code) => onEnd(`closed with ${code}`));
    ws.once("open", () => onOpen?.(gate));
    readFrames(ws, (bytes, from, to) => onFrame(bytes, gate, from, to));
  });
}

/** Ends a socket without a word; its events hear nothing of it. */
export function terminate(ws: WebSocket): void {
  ws.removeAllListeners("close");
  ws.terminate();
}

/** A member that sends and listens on one socket. */
export function connectionOn(ws: WebSocket, send: Connection["send"]): Connection {
  return {
    send,
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    close: () => terminate(ws),
  };
}
