import { authenticate } from "@parley/identity/authenticate";
import type { Identities } from "@parley/identity/identity";
import { scoped } from "@parley/identity/scoped";
import { TOO_LARGE_PATHS } from "@parley/protocol/codes";
import { FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { SessionChange } from "@parley/protocol/me";
import type { Check } from "@parley/runtime/health";
import { type App, buildHttp } from "@parley/runtime/http";
import type { Log } from "@parley/runtime/log";
import type { Metrics } from "@parley/runtime/metrics";
import type { TrustProxy } from "@parley/runtime/trust-proxy";
import { SOCKET_LINKS } from "@parley/socket/asyncapi-routes";
import type { Connection } from "@parley/socket/connection";
import type { Door } from "@parley/socket/door";
import type { DoorLimits } from "@parley/socket/door-limits";
import { openDoor } from "@parley/socket/open-door";
import { addEventRoutes } from "./delivery/http/event-routes.ts";
import { addHistoryRoutes } from "./delivery/http/history-routes.ts";
import type { ReadEntries } from "./delivery/read-entries.ts";
import { applyQuery } from "./delivery/websocket/apply-query.ts";
import { addSubscriptionMetrics } from "./delivery/websocket/subscription-metrics.ts";
import { Subscriptions, type SubscriptionsDependencies } from "./delivery/websocket/subscriptions.ts";
import { UserConnections } from "./delivery/websocket/user-connections.ts";
import type { InstancePresence } from "./presence/create-presence.ts";
import { addPresenceRoutes, type LastSeenOf } from "./presence/http/presence-routes.ts";
import { addRooms, type RoomsHttpDependencies } from "./rooms/http/rooms-routes.ts";
import { addSearchRoutes } from "./search/http/search-routes.ts";
import type { Search } from "./search/search.ts";

/** Methods of the routes that change nothing. */
const READING = ["GET", "HEAD"];

type AppDependencies = Readonly<{
  identities: Identities;
  subscriptions: Omit<SubscriptionsDependencies, "onOpened" | "onClosed" | "openRooms" | "presenceIn">;
  http: RoomsHttpDependencies & Readonly<{ search: Search; readEntries: ReadEntries }>;
  presence: InstancePresence;
  lastSeenOf: LastSeenOf;
  noteSession: (userId: string, session: string, change: SessionChange) => void;
  limits: DoorLimits;
  checks: Readonly<Record<string, Check>>;
  metrics: Metrics;
  trustProxy: TrustProxy;
  publicPrefix: string;
  log: Log;
}>;

export type ConsumerApp = Readonly<{
  app: App;
  door: Door;
  subscriptions: Subscriptions;
  users: UserConnections;
}>;

/** Builds the app of ws-consumer: the WebSocket door for listeners, and the HTTP API. It opens no port. */
export async function buildApp(deps: AppDependencies): Promise<ConsumerApp> {
  const { limits, log, checks, metrics, trustProxy, publicPrefix } = deps;
  const identities = scoped(deps.identities, "messages:read");
  const changing = scoped(deps.identities, "messages:write");
  const app = await buildHttp({
    service: "ws-consumer",
    title: "Parley ws-consumer",
    description: `Stores the messages of the log and delivers them: live, on resume, and as pages of history. Its WebSocket is \`/ws\`; [the frames](${publicPrefix}/docs/asyncapi) have a document of their own.`,
    log,
    checks: { ...checks, door: () => door.assertOpen() },
    metrics,
    allowedOrigins: limits.allowedOrigins,
    trustProxy,
    publicPrefix,
    limits,
    homeLinks: SOCKET_LINKS,
    authenticate: (request) =>
      authenticate(request, (READING.includes(request.method) ? identities : changing).verify),
    bodyBytesMax: FRAME_BYTES_MAX,
    tooLargePaths: TOO_LARGE_PATHS,
  });
  const { presence, lastSeenOf } = deps;
  const subscriptions = new Subscriptions({
    ...deps.subscriptions,
    onOpened: presence.local.opened,
    onClosed: presence.local.closed,
    openRooms: presence.local.roomsOf,
    presenceIn: presence.inRoom,
  });
  addSubscriptionMetrics(metrics, subscriptions);
  const users = new UserConnections(subscriptions.has);
  const door = await openDoor(app, {
    service: "consumer",
    identities,
    commands: subscriptions.commands(),
    limits,
    log,
    metrics,
    onOpen: (connection: Connection, query) => {
      const { userId, username } = connection.identity;
      presence.local.connected({ id: userId, username });
      users.add(connection);
      deps.noteSession(userId, connection.identity.sessionId, "new");
      applyQuery(subscriptions, connection, query);
    },
    onClose: (connection: Connection) => {
      users.remove(connection);
      presence.local.disconnected(connection.userId, subscriptions.endAll(connection));
    },
  });
  identities.onRevoked((session, userId) => deps.noteSession(userId, session, "revoked"));
  const { checkReadable } = deps.subscriptions;
  const http = { ...deps.http, checkReadable };
  addRooms(app, http);
  addHistoryRoutes(app, http);
  addEventRoutes(app, http);
  addSearchRoutes(app, http);
  addPresenceRoutes(app, {
    checkReadable,
    online: presence.online,
    lastSeenOf,
  });
  return { app, door, subscriptions, users };
}
