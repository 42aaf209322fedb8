import type { RawData, WebSocket } from "ws";

export type FrameKind = "text" | "binary" | "ping" | "pong";

/** Takes one frame of a socket. ws has checked that a text is UTF-8, and answers a ping itself. Must not throw. */
export type TakeFrame = (kind: FrameKind, data: RawData) => void;

/** Where the frames of one socket go at present: `take` is replaced when the socket is authenticated. */
export type Inbound = { take: TakeFrame };

/**
 * Subscribes to every frame of a socket, control frames included, and passes each to `inbound.take`: the one place
 * through which everything passes that a peer sends, before and after it is authenticated. A close frame is ws's own.
 */
export function receiveFrames(ws: WebSocket, inbound: Inbound): void {
  ws.on("message", (data, isBinary) => inbound.take(isBinary ? "binary" : "text", data));
  ws.on("ping", (data) => inbound.take("ping", data));
  ws.on("pong", (data) => inbound.take("pong", data));
}
