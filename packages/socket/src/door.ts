import { randomUUID } from "node:crypto";
import websocket from "@fastify/websocket";
import type { Identities, Identity } from "@parley/identity/identity";
import { asyncApiOf } from "@parley/protocol/asyncapi";
import { CLOSE, type CloseCode, Refusal } from "@parley/protocol/codes";
import {
  AUTH_DEADLINE_MS,
  BODY_LENGTH_MAX,
  FRAME_BYTES_MAX,
  HEARTBEAT_MS,
  MESSAGES_PER_SECOND,
} from "@parley/protocol/limits";
import type { HelloFrame } from "@parley/protocol/server-frames";
import type { App } from "@parley/runtime/http";
import type { Log } from "@parley/runtime/log";
import type { Metrics } from "@parley/runtime/metrics";
import type { WebSocket } from "ws";
import { Admission } from "./admission.ts";
import { addAsyncApiRoutes } from "./asyncapi-routes.ts";
import { type Command, CommandTable } from "./command.ts";
import { Connection } from "./connection.ts";
import { authCommand, PendingAuth, pingCommand } from "./door-commands.ts";
import type { DoorLimits } from "./door-limits.ts";
import { drainAll } from "./drain.ts";
import { type Handshake, SUBPROTOCOL } from "./handshake.ts";
import { receive } from "./receive.ts";
import { addSocketRoute } from "./socket-route.ts";
import { Sweeper } from "./sweep.ts";

/** How often deadlines and heartbeats are looked at, ms. */
const LOOK_MS = 250;
/** Fragments of one message; ws closes the socket with 1008 beyond it. */
const FRAGMENTS_MAX = 64;
/** Chunks of TCP that ws buffers while a frame is incomplete; it closes the socket with 1008 beyond it. */
const BUFFERED_CHUNKS_MAX = 256;

export type DoorOptions = Readonly<{
  app: App;
  service: "producer" | "consumer";
  identities: Identities;
  commands: readonly Command[];
  limits: DoorLimits;
  log: Log;
  metrics?: Metrics;
  /** Called when a connection is authenticated, after `hello`; `query` is the query of its URL. */
  onOpen?: (connection: Connection, query: Readonly<Record<string, unknown>>) => void;
  onClose?: (connection: Connection) => void;
}>;

/**
 * The authenticated WebSocket door at `GET /ws`: it lets in who has a valid token, keeps every limit, answers bad
 * frames, keeps the heartbeat, and hands good frames to their commands.
 */
export class Door {
  readonly connections = new Set<Connection>();
  readonly pending = new Set<PendingAuth>();
  readonly options: DoorOptions;
  readonly admission: Admission;
  readonly #table: CommandTable;
  readonly #sweeper: NodeJS.Timeout;
  isDraining = false;

  constructor(options: DoorOptions) {
    this.options = options;
    this.admission = new Admission(options.limits);
    this.#table = new CommandTable([
      ...options.commands,
      authCommand(options.identities.verify),
      pingCommand(),
    ]);
    const sweeper = new Sweeper(this);
    this.#sweeper = setInterval(() => sweeper.look(performance.now()), LOOK_MS);
    this.#sweeper.unref();
    options.identities.onRevoked((sessionId) =>
      this.closeWhere(
        (one) => one.identity.sessionId === sessionId,
        CLOSE.revoked,
        "the session was revoked",
      ),
    );
  }

  /** A socket whose handshake is done. Its listeners are attached before anything is awaited, or frames are lost. */
  accept(ws: WebSocket, { address, query }: Handshake, identity: Identity | undefined): void {
    const { log } = this.options;
    ws.on("error", (err) => log.debug({ err }, "a socket broke"));
    if (!this.admission.enterAddress(address)) {
      ws.close(CLOSE.tooMany, "too many sockets from this address");
      return;
    }
    ws.on("close", () => this.admission.leaveAddress(address));
    if (identity) {
      this.open(ws, identity, address, query);
      return;
    }
    if (this.pending.size >= this.options.limits.unauthenticatedSockets) {
      ws.close(CLOSE.tooMany, "too many sockets wait for their token");
      return;
    }
    const { verify } = this.options.identities;
    const waiting = new PendingAuth(ws, performance.now() + AUTH_DEADLINE_MS, verify, (who) => {
      this.pending.delete(waiting);
      this.open(ws, who, address, query);
    });
    this.pending.add(waiting);
    ws.on("close", () => this.pending.delete(waiting));
  }

  /** From here on the socket belongs to a user. */
  open(ws: WebSocket, identity: Identity, address: string, query: Record<string, unknown>): void {
    const { service, identities, log, onOpen, onClose } = this.options;
    // It may have been revoked between the answer of auth and the end of the handshake.
    if (identities.isRevoked(identity.sessionId)) {
      ws.close(CLOSE.revoked, "the session was revoked");
      return;
    }
    if (!this.admission.enterUser(identity.userId)) {
      ws.close(CLOSE.tooMany, "too many sockets of this user");
      return;
    }
    const connection = new Connection(randomUUID(), ws, identity, address, performance.now());
    this.connections.add(connection);
    ws.on("close", () => {
      if (connection.closedAt === 0) connection.closedAt = performance.now();
      this.connections.delete(connection);
      this.admission.leaveUser(identity.userId);
      onClose?.(connection);
    });
    ws.on("pong", () => {
      connection.heardAt = performance.now();
    });
    ws.on("message", (data, isBinary) => receive(connection, this.#table, data, isBinary, log));
    connection.send({
      type: "hello",
      protocol: "parley.v1",
      service,
      user: { id: identity.userId, username: identity.username },
      connection: connection.id,
      heartbeatMs: HEARTBEAT_MS,
      limits: {
        bodyLength: BODY_LENGTH_MAX,
        frameBytes: FRAME_BYTES_MAX,
        messagesPerSecond: MESSAGES_PER_SECOND,
      },
      commands: [...this.#table.types],
    } satisfies HelloFrame);
    onOpen?.(connection, query);
  }

  /** Closes every connection that `match` names; nothing more is delivered to it. Returns how many there were. */
  closeWhere(match: (connection: Connection) => boolean, code: CloseCode, reason: string): number {
    let closed = 0;
    for (const connection of this.connections) {
      if (!connection.isOpen || !match(connection)) continue;
      connection.close(code, reason);
      closed += 1;
    }
    return closed;
  }

  /** @throws {Error} while it sends everybody away. For `/health/ready`. */
  assertOpen(): void {
    if (this.isDraining) throw new Error("draining");
  }

  /** @throws {Refusal} if nobody may come in now. */
  checkOpen(address: string): void {
    if (this.isDraining)
      throw new Refusal("unavailable", "this instance is draining", { retryAfterMs: 1_000 });
    const wait = this.admission.handshakeWait(address, performance.now());
    if (wait > 0)
      throw new Refusal("rate_limited", "too many handshakes from this address", { retryAfterMs: wait });
  }

  /**
   * Sends everybody away politely: nobody new comes in, each connection is told when to come back, and all are closed
   * with 1012 over `drainMs`, so that they do not come back all at once. Resolves when the last close began.
   */
  async drain(): Promise<void> {
    if (this.isDraining) return;
    this.isDraining = true;
    await drainAll([...this.connections], this.options.limits.drainMs);
    for (const waiting of this.pending) waiting.ws.close(CLOSE.goingAway, "this instance is going away");
  }

  /** Ends what is left, at once. */
  end(): void {
    clearInterval(this.#sweeper);
    for (const connection of this.connections) connection.terminate();
    for (const waiting of this.pending) waiting.ws.terminate();
  }
}

/** Opens the door at `GET /ws` of an app that does not listen yet. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const door = new Door(options);
  options.metrics?.gauges({
    parley_connections: ["authenticated sockets", () => door.connections.size],
    parley_connections_pending: ["sockets that wait for their first frame", () => door.pending.size],
  });
  await options.app.register(websocket, {
    options: {
      maxPayload: FRAME_BYTES_MAX,
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: BUFFERED_CHUNKS_MAX,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    },
    preClose: (done) => {
      door.end();
      done();
    },
  });
  addSocketRoute(door);
  addAsyncApiRoutes(options.app, (url) => asyncApiOf(options.service, url));
  return door;
}
