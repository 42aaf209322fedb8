import type { Socket } from "node:net";
import websocket from "@fastify/websocket";
import { asyncApiOf } from "@parley/protocol/asyncapi";
import { OVERSIZE_FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { App } from "@parley/runtime/http";
import { writeProblem } from "@parley/runtime/http-errors";
import type { Metrics } from "@parley/runtime/metrics";
import { Problem } from "@parley/runtime/problem";
import { addAsyncApiRoutes } from "./asyncapi-routes.ts";
import { Door, type DoorOptions } from "./door.ts";
import { SUBPROTOCOL } from "./handshake.ts";
import { sentTypesOf, socketCounts } from "./socket-counts.ts";
import { addSocketRoute } from "./socket-route.ts";

/** Fragments of one message; ws closes the socket with 1008 beyond it. */
const FRAGMENTS_MAX = 16;
/** Chunks of TCP that ws buffers while a frame is incomplete; it closes the socket with 1008 beyond it. */
const BUFFERED_CHUNKS_MAX = 256;
/** How long a peer may take to answer our close frame before ws ends its TCP, ms. */
const CLOSE_DEADLINE_MS = 5_000;

/**
 * Options of ws. No compression: its memory per socket cannot be bounded here, and `Connection` relies on ws writing
 * each frame synchronously. No pong by ws: `receiveFrames` answers the pings that are within budget.
 */
const WEBSOCKET_OPTIONS = {
  maxPayload: OVERSIZE_FRAME_BYTES_MAX,
  maxFragments: FRAGMENTS_MAX,
  maxBufferedChunks: BUFFERED_CHUNKS_MAX,
  closeTimeout: CLOSE_DEADLINE_MS,
  autoPong: false,
  perMessageDeflate: false,
  clientTracking: false,
  handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
} as const;

/**
 * Opens the door at `GET /ws` of an app that does not listen yet, and documents its frames at `/docs/asyncapi`. The app
 * terminates all sockets when it closes; call `door.drain()` first to close them politely.
 */
export async function openDoor(
  app: App,
  options: Omit<DoorOptions, "budgets"> & Readonly<{ metrics?: Metrics }>,
): Promise<Door> {
  const door = new Door({ ...options, budgets: app.budgets });
  if (options.metrics) addDoorMetrics(options.metrics, door, options.service);
  await app.register(websocket, {
    options: WEBSOCKET_OPTIONS,
    preClose: (done) => {
      door.terminate();
      done();
    },
  });
  // ws would answer a handshake without a valid key with a page, and the plugin ends the TCP of refused handshakes only
  // where its own hook has run before the answer: else nothing would, because node:http looks after it no more.
  app.websocketServer.on("wsClientError", (error, socket) => {
    writeProblem(socket as Socket, new Problem(400, "bad_request", error.message));
    (socket as Socket).destroySoon();
  });
  app.addHook("onResponse", async ({ ws, raw }) => {
    if (raw.headers.upgrade !== undefined && ws !== true) raw.socket.destroySoon();
  });
  addSocketRoute(app, { admit: door.admit, accept: door.accept });
  await addAsyncApiRoutes(app, (url) => asyncApiOf(options.service, url));
  return door;
}

function addDoorMetrics(metrics: Metrics, door: Door, service: DoorOptions["service"]): void {
  const { framesSent, handshakes, closes, unreadable } = socketCounts;
  const sent = sentTypesOf(service);
  metrics.gauges({
    parley_connections: ["authenticated sockets", () => door.connections.size],
    parley_connections_pending: ["sockets that wait for their first frame", () => door.pendingCount],
    parley_send_buffer_bytes: ["bytes that wait for clients to take them", () => door.unsentBytes()],
  });
  metrics.counters({
    parley_handshakes_total: ["handshakes, by ok or why not", () => handshakes, "result"],
    parley_frames_received_total: [
      "frames, by ok or why they were refused; unreadable: of no type that there is",
      () => ({ ...door.results, unreadable }),
      "type",
      "result",
    ],
    parley_frames_dropped_total: [
      "frames that were dropped unread because a budget was empty",
      () => socketCounts.framesDropped,
    ],
    parley_frames_sent_total: [
      "frames that were written to sockets",
      () => Object.fromEntries(sent.map((type) => [type, framesSent[type]])),
      "type",
    ],
    parley_socket_bytes_total: [
      "bytes of sockets after the handshake",
      () => ({ received: socketCounts.bytesReceived, sent: socketCounts.bytesSent }),
      "direction",
    ],
    parley_closes_total: ["sockets that closed, by the code that came first", () => closes, "code"],
  });
}
