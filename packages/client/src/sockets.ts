import type { ConnectionParts } from "./attempt.ts";
import { Connection } from "./connection.ts";
import type { ParleyError } from "./error.ts";
import { createLive } from "./live.ts";
import { LINGER_MS } from "./subscriptions.ts";
import type { Endpoint, Release, Status } from "./types.ts";

type Handlers = Pick<ConnectionParts, "onHello" | "onFrame"> & Readonly<{ onOffline: () => void }>;
type SocketsParts = Pick<ConnectionParts, "openSocket" | "tokens" | "timers" | "log"> &
  Readonly<{
    send: Handlers;
    listen: Handlers;
    report: (error: unknown) => void;
    /** The sockets are about to be opened. */
    onStart: () => void;
    /** No socket will be opened any more: nobody is signed in, or the server does not have this client. */
    onEnd: (error?: ParleyError) => void;
  }>;

const OFF = { canSend: false, canHear: false };

/** The two sockets of a client: open for as long as somebody holds them, and shown as one status. */
export function createSockets(parts: SocketsParts) {
  const { openSocket, tokens, timers, log } = parts;
  const status = createLive<Status>({ state: "idle", ...OFF }, parts.report);
  let holds = 0;
  let stopLinger: Release | undefined;
  let isHidden = false;
  /** Neither connects any more: after `close`, or a fault that a retry cannot mend. */
  let stopped: "closed" | "fatal" | undefined;

  const connect = (endpoint: Endpoint, handlers: Handlers): Connection => {
    const connection: Connection = new Connection({
      ...{ openSocket, tokens, timers, log, endpoint, ...handlers },
      onChange() {
        if (connection.phase !== "online") handlers.onOffline();
        show();
      },
      onFatal(error) {
        stopped = "fatal";
        void pause();
        end("stopped", error);
      },
    });
    return connection;
  };
  const sender = connect("send", parts.send);
  const listener = connect("listen", parts.listen);
  const both = [sender, listener];

  const show = () => {
    if (!stopped && !tokens.isSignedOut) status.set(statusOf(sender, listener));
  };
  const end = (state: "stopped" | "signed_out", error: ParleyError) => {
    status.set({ state, ...OFF, error });
    parts.onEnd(error);
  };
  const pause = () => Promise.all(both.map((one) => one.stop()));
  const start = () => {
    if (stopped || isHidden || holds === 0 || tokens.isSignedOut) return;
    parts.onStart();
    for (const one of both) one.start();
    show();
  };
  return {
    status,
    sender,
    listener,
    /** Holds both sockets open until the release, and `LINGER_MS` longer. */
    hold(): Release {
      holds += 1;
      stopLinger?.();
      if (holds === 1 && stopped === "fatal") stopped = undefined;
      start();
      // Who holds them now has not said yet what for.
      if (stopped || tokens.isSignedOut) queueMicrotask(() => parts.onEnd(status.value.error));
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        holds -= 1;
        if (holds === 0) stopLinger = timers.after(LINGER_MS, () => void pause());
      };
    },
    /** Nobody is signed in: both sockets close. */
    async signedOut(error: ParleyError): Promise<void> {
      const done = pause();
      if (!stopped) end("signed_out", error);
      await done;
    },
    /** Somebody has signed in, perhaps somebody else: both sockets are opened anew. */
    async signedIn(): Promise<void> {
      await pause();
      show();
      start();
    },
    hide(hides: boolean): void {
      isHidden = hides;
      if (isHidden) void pause();
      else start();
    },
    probe(): void {
      for (const one of both) one.probe();
    },
    auth(token: string): void {
      for (const one of both) one.auth(token);
    },
    async close(): Promise<void> {
      stopped = "closed";
      const done = pause();
      status.set({ state: "stopped", ...OFF });
      await done;
    },
  };
}
export type Sockets = ReturnType<typeof createSockets>;

/** How the two connections are, as one. */
function statusOf(sender: Connection, listener: Connection): Status {
  const both = [sender, listener];
  const canSend = sender.phase === "online";
  const canHear = listener.phase === "online";
  const waiting = both.filter(({ phase }) => phase === "waiting");
  const error = both.find((one) => one.error)?.error;
  const isRetrying = waiting.length > 0;
  const retryInMs = Math.ceil(Math.min(...waiting.map((one) => one.retryInMs)));
  const isOff = both.every(({ phase }) => phase === "off");
  const state = isRetrying ? "retrying" : canSend && canHear ? "online" : isOff ? "idle" : "connecting";
  return { state, canSend, canHear, ...(error && { error }), ...(isRetrying && { retryInMs }) };
}
