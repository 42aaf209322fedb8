import type { Identities } from "@parley/identity/identity";
import { FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { Check } from "@parley/runtime/health";
import { type App, buildHttp } from "@parley/runtime/http";
import type { Log } from "@parley/runtime/log";
import type { Metrics } from "@parley/runtime/metrics";
import type { Connection } from "@parley/socket/connection";
import type { Door } from "@parley/socket/door";
import type { DoorLimits } from "@parley/socket/door-limits";
import { openDoor } from "@parley/socket/open-door";
import { addHistoryRoutes } from "./delivery/http/history-routes.ts";
import { greet } from "./delivery/websocket/greet.ts";
import { OwnEvents } from "./delivery/websocket/own-events.ts";
import { RoomCommands, type RoomsParts } from "./delivery/websocket/subscriptions.ts";
import type { PresenceOfInstance } from "./presence/create-presence.ts";
import { addPresenceRoutes } from "./presence/http/presence-routes.ts";
import { addRooms, type RoomsOverHttp } from "./rooms/http/rooms-routes.ts";
import { addSearchRoutes } from "./search/http/search-routes.ts";
import type { IndexWords, Search } from "./search/search.ts";

export type ConsumerParts = Readonly<{
  identities: Identities;
  subscriptions: Omit<RoomsParts, "onOpened">;
  overHttp: RoomsOverHttp & Readonly<{ search: Search; index: IndexWords }>;
  presence: PresenceOfInstance;
  lastSeenOf: (userId: string) => Promise<Date | null>;
  limits: DoorLimits;
  checks: Readonly<Record<string, Check>>;
  metrics: Metrics;
  trustProxy: boolean;
  log: Log;
}>;

export type ConsumerApp = Readonly<{ app: App; door: Door; rooms: RoomCommands; own: OwnEvents }>;

/** ws-consumer without a port: the door for those who listen, and history over HTTP. */
export async function buildApp(parts: ConsumerParts): Promise<ConsumerApp> {
  const { identities, limits, log, checks, metrics, trustProxy } = parts;
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
  const rooms = new RoomCommands({ ...parts.subscriptions, onOpened: presence.local.opened });
  const own = new OwnEvents();
  const door = await openDoor(app, {
    service: "consumer",
    identities,
    commands: rooms.commands(),
    limits,
    log,
    metrics,
    onOpen: (connection: Connection, query) => {
      const { userId, username } = connection.identity;
      presence.local.connected({ id: userId, username });
      own.open(connection);
      greet(rooms, connection, query);
    },
    onClose: (connection: Connection) => {
      rooms.leave(connection);
      own.close(connection);
      presence.local.disconnected(connection.userId);
    },
  });
  const { checkReadable } = parts.subscriptions;
  const overHttp = { ...parts.overHttp, verifyToken: identities.verify };
  addRooms(app, overHttp);
  addHistoryRoutes(app, overHttp);
  addSearchRoutes(app, overHttp);
  addPresenceRoutes(app, {
    verifyToken: identities.verify,
    checkReadable,
    board: presence.board,
    lastSeenOf,
  });
  return { app, door, rooms, own };
}
