import { FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { Check } from "@parley/runtime/health";
import { type App, buildHttp } from "@parley/runtime/http";
import type { Log } from "@parley/runtime/log";
import type { Metrics } from "@parley/runtime/metrics";
import type { Connection } from "@parley/socket/connection";
import { type Door, openDoor } from "@parley/socket/door";
import type { DoorLimits } from "@parley/socket/door-limits";
import type { Identities } from "@parley/socket/identity";
import { addHistoryRoutes } from "./adapters/http/history-routes.ts";
import { addPresenceRoutes } from "./adapters/http/presence-routes.ts";
import { RoomCommands, type RoomsParts } from "./adapters/websocket/commands.ts";
import { greet } from "./adapters/websocket/greet.ts";
import type { PresenceOfInstance } from "./application/create-presence.ts";
import type { ReadPage } from "./application/read-history.ts";

export type ConsumerParts = Readonly<{
  identities: Identities;
  rooms: Omit<RoomsParts, "onOpened">;
  readPage: ReadPage;
  presence: PresenceOfInstance;
  lastSeenOf: (userId: string) => Promise<Date | null>;
  limits: DoorLimits;
  checks: Readonly<Record<string, Check>>;
  metrics: Metrics;
  trustProxy: boolean;
  log: Log;
}>;

/** ws-consumer without a port: the door for those who listen, and history over HTTP. */
export async function buildApp(parts: ConsumerParts): Promise<{ app: App; door: Door }> {
  const { identities, limits, log, checks, metrics, trustProxy, readPage } = parts;
  const app = await buildHttp({
    service: "ws-consumer",
    title: "Parley ws-consumer",
    description: "Stores what is in the log and delivers it: live, after a pause, and page by page.",
    log,
    checks: { ...checks, door: () => door.assertOpen() },
    metrics,
    allowedOrigins: limits.allowedOrigins,
    trustProxy,
    bodyBytesMax: FRAME_BYTES_MAX,
  });
  const { presence, lastSeenOf } = parts;
  const rooms = new RoomCommands({ ...parts.rooms, onOpened: presence.local.opened });
  const door = openDoor({
    app,
    service: "consumer",
    identities,
    commands: rooms.commands(),
    limits,
    trustProxy,
    log,
    metrics,
    onOpen: (connection: Connection, query) => {
      const { userId, username } = connection.identity;
      presence.local.connected({ id: userId, username });
      greet(rooms, connection, query);
    },
    onClose: (connection: Connection) => {
      rooms.leave(connection);
      presence.local.disconnected(connection.userId);
    },
  });
  addHistoryRoutes(app, {
    verifyToken: identities.verify,
    checkReadable: parts.rooms.checkReadable,
    readPage,
  });
  addPresenceRoutes(app, { verifyToken: identities.verify, board: presence.board, lastSeenOf });
  return { app, door };
}
