import type { Core } from "./core.ts";
import { ParleyError } from "./error.ts";
import type { Message } from "./frames.ts";
import { createHttp } from "./http.ts";
import { createLink } from "./link.ts";
import { fetchList } from "./lists.ts";
import { createLog } from "./log.ts";
import { Outbox } from "./outbox.ts";
import { watchPage } from "./page-life.ts";
import { createPresence } from "./presence.ts";
import { readEvents } from "./read-events.ts";
import { createRequests } from "./requests.ts";
import { createRooms } from "./rooms.ts";
import { createSafeStore } from "./safe-store.ts";
import { createSession } from "./session.ts";
import { createSockets } from "./sockets.ts";
import { createSubscriptions, ME } from "./subscriptions.ts";
import { createTimers, systemClock } from "./timers.ts";
import { createTokens } from "./tokens.ts";
import type { Options, Parley } from "./types.ts";

/** Makes the parts in the order in which they need one another; handlers reach later ones when frames come. */
function createParts(options: Options) {
  const log = createLog(options.log);
  const store = createSafeStore(options.store, log);
  const report = (error: unknown) => {
    log("error", "listener_failed", { error });
    if (!options.log) globalThis.reportError?.(error);
  };
  const timers = createTimers(options.clock ?? systemClock);
  const closing = new AbortController();
  /** Tokens are given by an application: nobody can sign in here. */
  const isGiven = typeof options.auth === "function";
  const { request, link } = createLink(options, log, closing.signal);
  const tokens = createTokens({
    ...{ timers, log, report },
    renew: (why, signal) => link().renew(why, signal),
    onRenewed: (token) => sockets.auth(token),
    onSignedOut: (error) => void sockets.signedOut(error),
  });
  const http = createHttp(request, tokens);
  const sockets = createSockets({
    ...{ tokens, timers, log, report },
    openSocket: (endpoint) => link().openSocket(endpoint),
    onStart: () => void outbox.load(),
    onEnd(error) {
      if (!error) return;
      // People can sign in again or load the page again, and what they wrote is sent then.
      if (isGiven) outbox.fail(error);
      else if (error.code === "signed_out") return;
      requests.fail(error);
      subscriptions.fail(error);
    },
    send: {
      onHello(hello) {
        void outbox.online(hello).then(requests.resend);
      },
      onFrame(frame) {
        outbox.take(frame);
        requests.take(frame);
      },
      onOffline: () => outbox.offline(),
    },
    listen: {
      onHello(hello) {
        subscriptions.online(hello);
        presence.online();
      },
      onFrame(frame) {
        subscriptions.take(frame);
        presence.take(frame);
        registry.notice(frame);
      },
      onOffline: () => subscriptions.offline(),
    },
  });
  const { sender, listener } = sockets;
  const requests = createRequests(sender, timers);
  const subscriptions = createSubscriptions(listener, timers);
  const connect = () => sockets.hold();
  /** Of the user who was here. */
  const forget = (error: ParleyError): void => {
    link().forget?.();
    requests.fail(error);
    outbox.drop(error);
    registry.reset();
  };
  const outbox: Outbox = new Outbox({
    ...{ connection: sender, store, timers, report, hold: connect, forget },
    onChange: (room) => registry.refresh(room),
  });
  const presence = createPresence(http, report);
  const core: Core = {
    ...{ timers, log, report, tokens, http, sender, requests, outbox, subscriptions, store, connect },
  };
  const registry = createRooms(core, closing.signal);
  const unwatch = watchPage(sockets);
  const session = createSession({
    ...{ request, tokens, claim: outbox.claim },
    onSignedIn() {
      registry.reset();
      return sockets.signedIn();
    },
  });
  return [core, link, session, sockets, presence, registry, closing, unwatch] as const;
}

/** Ends everything; resolves when the sockets are closed. */
async function closeParts(parts: ReturnType<typeof createParts>): Promise<void> {
  const [{ requests, outbox, timers }, link, , sockets, , , closing, unwatch] = parts;
  const error = new ParleyError("closed");
  unwatch();
  const closed = sockets.close();
  requests.fail(error);
  outbox.drop(error);
  timers.clear();
  closing.abort(error);
  await closed;
  link().close();
}

/**
 * Makes a client. It opens nothing and asks for nothing until `connect`, `open`, `send` or a request: safe on servers
 * and in React's strict mode.
 *
 * @example
 * const parley = createParley({ url: "https://chat.example", auth: async () => token });
 * for await (const event of parley.rooms.get("general").events()) console.log(event);
 * @throws {TypeError} if there is no WebSocket: pass one, as in Node 20.
 */
export function createParley(options: Options): Parley {
  const parts = createParts(options);
  const [core, , session, sockets, presence, registry, closing] = parts;
  const { http, outbox, connect, report } = core;
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= closeParts(parts).catch(report);
    return closed;
  };
  return {
    status: sockets.status,
    session,
    rooms: registry.rooms,
    outbox: outbox.pending,
    presence: presence.of,
    search: (q, o) => fetchList<Message>(http, "/search", { q, ...o }),
    events: (o) => readEvents(core, ME, closing.signal, o),
    request: http,
    connect,
    retry: sockets.probe,
    close,
    [Symbol.asyncDispose]: close,
  } as Parley;
}
