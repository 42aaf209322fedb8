import { Connection, type ConnectionParts } from "./connection.ts";
import type { ParleyError } from "./error.ts";
import { createLive, type Writable } from "./live.ts";
import { LINGER_MS } from "./subscriptions.ts";
import type { Release, Status } from "./types.ts";

type Handlers = Pick<ConnectionParts, "onHello" | "onFrame"> & Readonly<{ onOffline: () => void }>;
type SocketsParts = Pick<ConnectionParts, "openSocket" | "tokens" | "timers" | "log"> &
  Readonly<{
    send: Handlers;
    listen: Handlers;
    report: (error: unknown) => void;
    /** The sockets are about to be opened. */
    onStart: () => void;
  }>;

const OFF = { canSend: false, canHear: false };

/** The two sockets of a client: open for as long as somebody holds them, and shown as one status. */
export class Sockets {
  readonly status: Writable<Status>;
  readonly sender: Connection;
  readonly listener: Connection;
  readonly #parts: SocketsParts;
  #holds = 0;
  #stopLinger: Release | undefined;
  #isHidden = false;
  /** Neither connects any more: after `close`, or a fault that a retry cannot mend. */
  #stopped: "closed" | "fatal" | undefined;

  constructor(parts: SocketsParts) {
    this.#parts = parts;
    this.status = createLive<Status>({ state: "idle", ...OFF }, parts.report);
    this.sender = this.#connection("send", parts.send);
    this.listener = this.#connection("listen", parts.listen);
  }

  #connection(endpoint: "send" | "listen", handlers: Handlers): Connection {
    const { openSocket, tokens, timers, log } = this.#parts;
    const connection: Connection = new Connection({
      ...{ openSocket, tokens, timers, log, endpoint, ...handlers },
      onChange: () => {
        if (connection.phase !== "online") handlers.onOffline();
        this.#show();
      },
      onFatal: (error) => this.#fatal(error),
    });
    return connection;
  }

  /** Holds both sockets open until the release, and `LINGER_MS` longer. */
  hold(): Release {
    this.#holds += 1;
    this.#stopLinger?.();
    if (this.#holds === 1 && this.#stopped === "fatal") this.#stopped = undefined;
    this.start();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds -= 1;
      if (this.#holds === 0) this.#stopLinger = this.#parts.timers.after(LINGER_MS, () => void this.#pause());
    };
  }

  start(): void {
    if (this.#stopped || this.#isHidden || this.#holds === 0 || this.#parts.tokens.isSignedOut) return;
    this.#parts.onStart();
    this.sender.start();
    this.listener.start();
    this.#show();
  }

  /** Nobody is signed in, or somebody else: both sockets close. */
  #pause(): Promise<unknown> {
    return Promise.all([this.sender.stop(), this.listener.stop()]);
  }

  async signedOut(error: ParleyError): Promise<void> {
    const done = this.#pause();
    if (!this.#stopped) this.status.set({ state: "signed_out", ...OFF, error });
    await done;
  }

  async signedIn(): Promise<void> {
    await this.#pause();
    this.#show();
    this.start();
  }

  hide(isHidden: boolean): void {
    this.#isHidden = isHidden;
    if (isHidden) void this.#pause();
    else this.start();
  }

  probe(): void {
    this.sender.probe();
    this.listener.probe();
  }

  auth(token: string): void {
    this.sender.auth(token);
    this.listener.auth(token);
  }

  async close(): Promise<void> {
    this.#stopped = "closed";
    const done = this.#pause();
    this.status.set({ state: "stopped", ...OFF });
    await done;
  }

  #fatal(error: ParleyError): void {
    this.#stopped = "fatal";
    void this.#pause();
    this.status.set({ state: "stopped", ...OFF, error });
  }

  #show(): void {
    const { sender, listener } = this;
    if (this.#stopped || this.#parts.tokens.isSignedOut || !listener) return;
    const canSend = sender.phase === "online";
    const canHear = listener.phase === "online";
    const both = [sender, listener];
    const waiting = both.filter(({ phase }) => phase === "waiting");
    const error = both.find((one) => one.error)?.error;
    const told = { canSend, canHear, ...(error && { error }) };
    if (waiting.length > 0) {
      const retryInMs = Math.ceil(Math.min(...waiting.map((one) => one.retryInMs)));
      this.status.set({ state: "retrying", ...told, retryInMs });
    } else if (canSend && canHear) this.status.set({ state: "online", ...told });
    else
      this.status.set({ state: both.some(({ phase }) => phase !== "off") ? "connecting" : "idle", ...told });
  }
}
