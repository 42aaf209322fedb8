import type { Socket } from "node:net";
import type { RawData, WebSocket } from "ws";
import { BYTES_PER_UNIT, FRAME_COST, PING_COST, PONG_COST } from "./cost.ts";
import type { Meter } from "./meter.ts";

export type FrameKind = "text" | "binary" | "ping" | "pong";

/** Takes one frame of a socket. ws has checked that a text is UTF-8; a ping is answered. Must not throw. */
export type TakeFrame = (kind: FrameKind, data: RawData) => void;

/** Where the frames of one socket go at present: `take` is replaced when the socket is authenticated. */
export type Inbound = { take: TakeFrame };

/** Unsent bytes of a socket beyond which its pings are not answered. */
const PONG_UNSENT_BYTES_MAX = 64 * 1_024;

/**
 * Subscribes to every frame of a socket, control frames included, and passes each that its meter admits to
 * `inbound.take`: the one place through which everything passes that a peer sends, before and after it is
 * authenticated. A close frame is ws's own: there is one at most.
 */
export function receiveFrames(ws: WebSocket, socket: Socket, meter: Meter, inbound: Inbound): void {
  ws.on("message", (data, isBinary) => {
    meter.noteMessage();
    const units = FRAME_COST + (data as Buffer).length / BYTES_PER_UNIT;
    if (meter.admits(units, performance.now())) inbound.take(isBinary ? "binary" : "text", data);
  });
  ws.on("ping", (data) => {
    if (!meter.admits(PING_COST, performance.now())) return;
    if (ws.readyState === ws.OPEN && socket.writableLength < PONG_UNSENT_BYTES_MAX) ws.pong(data);
    inbound.take("ping", data);
  });
  ws.on("pong", (data) => {
    if (meter.admits(PONG_COST, performance.now())) inbound.take("pong", data);
  });
  socket.on("data", meter.noteRead);
}
