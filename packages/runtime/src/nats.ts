import { connect, createInbox, type NatsConnection } from "@nats-io/transport-node";
import type { Log } from "./log.ts";
import { leaveIsolatedServer } from "./nats-isolation.ts";
import { natsReconnects } from "./process-metrics.ts";

const PING_INTERVAL_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const CONNECT_DEADLINE_MS = 5_000;

type NatsOptions = Readonly<{
  url: string;
  name: string;
  user?: string;
  password?: string;
  /** Whether this connection's own publications are not delivered to its subscriptions. */
  noEcho?: boolean;
  /** False: throws if no server takes the connection at once, for a tool. */
  isAwaited?: boolean;
  /** Of several servers, one through which none of these streams can be used is left for another. */
  streams?: readonly string[];
  log: Log;
}>;

const inboxPrefixes = new WeakMap<NatsConnection, string>();

/**
 * Creates a reply subject for this connection. With a NATS user it starts with `_INBOX_<user>`: each user may subscribe
 * to inboxes of its own name only (deploy/nats/users.conf).
 */
export function inboxOf(nats: NatsConnection): string {
  return createInbox(inboxPrefixes.get(nats));
}

/**
 * Connects to NATS, waiting for the server without a deadline, and reconnects without a limit afterwards. Logs each
 * change of the connection, and errors that NATS reports asynchronously, such as missing permissions.
 *
 * @throws {Error} only if it is not awaited: each server was tried once, at most 5 s.
 */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const { log, name, noEcho = false, isAwaited = true } = options;
  const inboxPrefix = options.user === undefined ? undefined : `_INBOX_${options.user}`;
  const tellWaiting = () =>
    log.warn(
      { part: "nats", user: options.user },
      "waiting for NATS: it is not reachable, or refuses this user",
    );
  const waiting = isAwaited ? setInterval(tellWaiting, CONNECT_DEADLINE_MS) : undefined;
  const nats = await connect({
    servers: options.url.split(","),
    name,
    noEcho,
    ...(options.user === undefined ? {} : { user: options.user, pass: options.password ?? "" }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS / 2,
    waitOnFirstConnect: isAwaited,
    ignoreAuthErrorAbort: true,
    timeout: CONNECT_DEADLINE_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
  }).finally(() => clearInterval(waiting));
  if (options.url.includes(",")) leaveIsolatedServer(nats, options.streams ?? [], log);
  if (inboxPrefix !== undefined) inboxPrefixes.set(nats, inboxPrefix);
  void (async () => {
    for await (const status of nats.status()) {
      const facts = { part: "nats", connection: name };
      if (status.type === "error") log.error({ err: status.error, ...facts }, "NATS reported an error");
      else if (status.type === "disconnect") log.warn(facts, "NATS connection lost");
      else if (status.type === "reconnect") {
        natsReconnects.count += 1;
        log.info(facts, "NATS connection is back");
      }
    }
  })();
  return nats;
}
