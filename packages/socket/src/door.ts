import { randomUUID } from "node:crypto";
import type { Identities, Identity } from "@parley/identity/identity";
import { CLOSE, Refusal } from "@parley/protocol/codes";
import { addressKey } from "@parley/runtime/address-key";
import type { Log } from "@parley/runtime/log";
import type { WorkBudgets } from "@parley/runtime/work";
import { Admission, release } from "./admission.ts";
import { type Command, CommandTable, errorFrame } from "./command.ts";
import { Connection } from "./connection.ts";
import { authCommand, pingCommand } from "./door-commands.ts";
import type { DoorLimits } from "./door-limits.ts";
import { drainAll } from "./drain.ts";
import { checkHeaders, type HandshakeRequest, tokenOf, type Upgraded } from "./handshake.ts";
import { helloFrame } from "./hello.ts";
import { handleFrame, type Inbound, receiveFrames } from "./inbound-frames.ts";
import { Meter } from "./meter.ts";
import { type OnAuthenticated, PendingAuth } from "./pending-auth.ts";
import { refusePeer } from "./refuse-peer.ts";
import { ABNORMAL, countClose, type Result, socketCounts } from "./socket-counts.ts";
import { Sweeper } from "./sweeper.ts";

const SWEEP_MS = 250;

export type DoorOptions = Readonly<{
  service: "producer" | "consumer";
  identities: Identities;
  commands: readonly Command[];
  limits: DoorLimits;
  /** Shared with HTTP. */
  budgets: WorkBudgets;
  log: Log;
  /** Called when a connection is authenticated, after `hello`; `query` is the query of its URL. */
  onOpen?: (connection: Connection, query: Upgraded["query"]) => void;
  onClose?: (connection: Connection) => void;
}>;

const ignore = (): void => undefined;

const overBudget = (retryAfterMs: number): Refusal =>
  new Refusal("rate_limited", "too many frames: some were dropped, and no more are read until then", {
    retryAfterMs,
  });

/**
 * The life of the sockets of one service: `admit` checks a handshake, `accept` takes the upgraded socket, and once it
 * is authenticated it is a `Connection` whose frames go to the service's commands, until it closes.
 */
export class Door {
  /** Authenticated sockets, those that are closing included. */
  readonly connections = new Set<Connection>();
  readonly #pending = new Set<PendingAuth>();
  readonly #options: DoorOptions;
  readonly #admission: Admission;
  readonly #table: CommandTable;
  readonly #timer: NodeJS.Timeout;
  #isDraining = false;

  constructor(options: DoorOptions) {
    const { commands, identities, limits, budgets } = options;
    this.#options = options;
    this.#admission = new Admission(limits, budgets);
    this.#table = new CommandTable([...commands, authCommand(identities.verify), pingCommand()]);
    const sweeper = new Sweeper(this.connections, this.#pending, limits.socketsBytes);
    this.#timer = setInterval(() => sweeper.sweep(performance.now()), SWEEP_MS).unref();
    identities.onRevoked((sessionId) => this.#closeSession(sessionId));
  }

  /** Sockets that have not sent their token yet. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** What became of the frames of each command. */
  get results(): CommandTable["results"] {
    return this.#table.results;
  }

  /** Bytes that wait for peers to take them. */
  unsentBytes(): number {
    let bytes = 0;
    for (const { unsentBytes } of this.connections) bytes += unsentBytes;
    return bytes;
  }

  /**
   * Checks a handshake before the upgrade. Resolves to its identity, or to undefined if it brings no token.
   *
   * @throws {Refusal} `unavailable`, `rate_limited`, `forbidden`, `bad_frame` or `unauthenticated`.
   */
  readonly admit = async (request: HandshakeRequest): Promise<Identity | undefined> => {
    let result: Result = "failed";
    try {
      const identity = await this.#admit(request);
      result = "ok";
      return identity;
    } catch (error) {
      if (error instanceof Refusal) result = error.code;
      throw error;
    } finally {
      socketCounts.handshakes[result] += 1;
    }
  };

  async #admit(request: HandshakeRequest): Promise<Identity | undefined> {
    if (this.#isDraining)
      throw new Refusal("unavailable", "this instance is draining", { retryAfterMs: 1_000 });
    const retryAfterMs = this.#admission.takeHandshake(addressKey(request.ip), performance.now());
    if (retryAfterMs > 0)
      throw new Refusal("rate_limited", "too many handshakes from this address", { retryAfterMs });
    const { limits, identities } = this.#options;
    checkHeaders(request.headers, limits);
    const token = tokenOf(request, limits);
    return token === undefined ? undefined : identities.verify(token);
  }

  /** Takes a socket whose handshake was admitted. Subscribes to its frames before anything is awaited: none is lost. */
  readonly accept = (upgraded: Upgraded, identity: Identity | undefined): void => {
    const { ws, socket } = upgraded;
    ws.on("error", (err) => this.#options.log.debug({ err }, "WebSocket error"));
    const now = performance.now();
    const address = this.#admission.addressBudget(addressKey(upgraded.address), now);
    const pending = this.#admission.pendingBudget(now);
    const meter = new Meter(ws, socket, pending, address, this.#options.limits.isLimited);
    const inbound: Inbound = { take: ignore };
    receiveFrames(ws, socket, meter, inbound);
    if (!this.#admission.acquireAddress(address)) {
      refusePeer(meter, CLOSE.tooMany, "too many sockets from this address");
      return;
    }
    ws.on("close", () => release(address));
    if (identity) this.#open(upgraded, meter, inbound, identity);
    else this.#awaitAuth(upgraded, meter, inbound);
  };

  #awaitAuth(upgraded: Upgraded, meter: Meter, inbound: Inbound): void {
    const { limits, identities } = this.#options;
    const isFull = this.#pending.size >= limits.unauthenticatedSockets;
    if (isFull && !PendingAuth.evictSilent(this.#pending, performance.now())) {
      refusePeer(meter, CLOSE.tooMany, "too many sockets wait for their token");
      return;
    }
    const onAuthenticated: OnAuthenticated = (identity, early) => {
      this.#pending.delete(pending);
      inbound.take = ignore;
      this.#open(upgraded, meter, inbound, identity);
      for (const [kind, data] of early) inbound.take(kind, data);
    };
    const pending = new PendingAuth({
      meter,
      verifyToken: identities.verify,
      onAuthenticated,
    });
    inbound.take = pending.take;
    this.#pending.add(pending);
    meter.ws.on("close", () => this.#pending.delete(pending));
  }

  /** Makes a connection of an authenticated socket. Closes the socket if its user may not have another one. */
  #open({ ws, socket, address, query }: Upgraded, meter: Meter, inbound: Inbound, identity: Identity): void {
    const { service, identities, limits, log, onOpen, onClose } = this.#options;
    // The session may have been revoked since its token was verified.
    if (identities.isRevoked(identity.sessionId)) {
      refusePeer(meter, CLOSE.revoked, "the session was revoked");
      return;
    }
    const now = performance.now();
    const user = this.#admission.userBudget(identity.userId, now);
    if (!this.#admission.acquireUser(user)) {
      refusePeer(meter, CLOSE.tooMany, "too many sockets of this user");
      return;
    }
    const connection = new Connection({ id: randomUUID(), ws, socket, meter, identity, address, now });
    meter.authenticate(this.#admission.socketBudget(now), user, (retryAfterMs) =>
      connection.send(errorFrame(overBudget(retryAfterMs))),
    );
    this.connections.add(connection);
    const end = (code: number) => {
      if (connection.isOpen) countClose(code);
      connection.markClosed(code !== ABNORMAL);
      this.connections.delete(connection);
      release(user);
      onClose?.(connection);
    };
    ws.on("close", end);
    // Its peer has closed already, behind frames that came before: these are handled, and not answered.
    if (ws.readyState !== ws.OPEN) connection.markClosed(true);
    if (ws.readyState === ws.CLOSED) setImmediate(end, 0);
    inbound.take = (kind, data) => handleFrame(connection, this.#table, kind, data, log);
    connection.send(helloFrame(connection, service, this.#table, limits.workPerSecond));
    onOpen?.(connection, query);
  }

  #closeSession(sessionId: string): void {
    for (const connection of this.connections)
      if (connection.identity.sessionId === sessionId)
        connection.close(CLOSE.revoked, "the session was revoked");
  }

  /** For `/health/ready`. @throws {Error} while draining. */
  assertOpen(): void {
    if (this.#isDraining) throw new Error("draining");
  }

  /**
   * Refuses new handshakes, tells each connection when to reconnect, and closes all with 1012 over `drainMs`, so that
   * they do not reconnect all at once. Resolves when the last close has begun.
   */
  async drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    await drainAll([...this.connections], this.#options.limits.drainMs);
    for (const pending of this.#pending) pending.close(CLOSE.goingAway, "this instance is going away");
  }

  /** Ends all sockets at once. */
  terminate(): void {
    clearInterval(this.#timer);
    for (const connection of this.connections) connection.terminate();
    for (const pending of this.#pending) pending.terminate();
  }
}
