import type { ParleyError } from "./error.ts";
import type { User } from "./frames.ts";

/** Undoes what returned it; calling it again does nothing. */
export type Release = () => void;

/**
 * A value that changes. `subscribe` calls back with the value of now and then with each new one, so it fits Svelte
 * stores, signals and `useSyncExternalStore`. A callback that throws is logged and stops no other.
 */
export interface Live<T> {
  readonly value: T;
  /** Calls back at once and with each new value, until the release. */
  subscribe(listener: (value: T) => void): Release;
}

/** What the client tells its log. Tokens are masked. */
export interface LogRecord {
  level: "debug" | "info" | "warn" | "error";
  /** Stable name of what happened, such as `socket_closed`. */
  event: string;
  [detail: string]: unknown;
}

/** Why a token is asked for: none yet, the last one ends soon, or the server refused it. */
export type Why = "start" | "expiring" | "refused";

/** Gives an access token, such as one of a service account. Throwing fails the attempt, which is repeated later. */
export type TokenSource = (why: Why, signal: AbortSignal) => Promise<string>;

/** Keeps what shall survive a reload. Every method may reject: the client then goes on without it. */
export interface Store {
  /** `undefined` if there is none. */
  get(key: string): Promise<unknown>;
  /** `undefined` removes the key. */
  set(key: string, value: unknown): Promise<void>;
  /** All entries whose key begins with `prefix`, in the order of their keys. */
  list(prefix: string): Promise<[key: string, value: unknown][]>;
  /** Removes everything. */
  clear(): Promise<void>;
}

/** Time and chance: monotonic ms, timers, and numbers in [0, 1). Replaced in tests only. */
export interface Clock {
  /** Monotonic time, ms. */
  now(): number;
  /** Calls back once, after so many ms; returns what `clearTimeout` takes. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** A timer that is over is ignored. */
  clearTimeout(timer: unknown): void;
  /** A number in [0, 1). */
  random(): number;
}

/** What is used of a WebSocket. */
export interface SocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Called when it is open. */
  onopen: ((event: never) => void) | null;
  /** Called with each frame, in `data`. */
  onmessage: ((event: never) => void) | null;
  /** Called once when it is closed, with `code` and `reason`. */
  onclose: ((event: never) => void) | null;
  /** Called before `onclose` if it failed. */
  onerror: ((event: never) => void) | null;
  /** Sends one text frame. */
  send(text: string): void;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
}
/** A class that opens a WebSocket: that of browsers, of Node 22, or of the package `ws`. */
export type SocketClass = new (url: string) => SocketLike;
/** Which service a socket goes to: `send` takes what you say, `listen` tells what happens. */
export type Endpoint = "send" | "listen";

/** A token and how long it is valid from now on, ms; without a life it is used until the server refuses it. */
export interface Grant {
  token: string;
  lifeMs?: number;
  /** Whose it is, where that is told. */
  user?: Profile;
}

/** How sockets are opened and tokens renewed: by this page itself, or by the tab that leads (`./tabs`). */
export interface Link {
  /** Opens a socket to a service. */
  openSocket(endpoint: Endpoint): SocketLike;
  /** Gives a token. Rejects if there is none to be had. */
  renew(why: Why, signal: AbortSignal): Promise<Grant>;
  /** Somebody has signed out here: no tab gets the token that was passed on last. */
  forget?(): void;
  /** Leaves the other tabs; nothing goes through it any more. */
  close(): void;
}
/** Tabs of a browser that share sockets: the result of `shareTabs()`. */
export interface TabSharing {
  /** Called once by the client, before its first socket. */
  join(own: Omit<Link, "close">, log: (entry: LogRecord) => void): Link;
}

/** What `createParley` takes. Only `url` is required. */
export interface Options {
  /** One origin with the prefixes `/auth`, `/send` and `/listen` behind a proxy, or the three services. */
  url: string | { auth: string; send: string; listen: string };
  /** `cookie` (the default) for people in browsers; a function for bots and applications with users of their own. */
  auth?: "cookie" | TokenSource;
  /** Left out: what is not sent is lost on a reload. See `@parley/client/indexeddb`. */
  store?: Store;
  /** Left out: every tab has its own sockets. See `@parley/client/tabs`. */
  tabs?: TabSharing;
  /** Needed where there is no global one, as in Node 20: pass that of `ws`. */
  WebSocket?: SocketClass;
  /** Left out: the global one. */
  fetch?: typeof fetch;
  /** Gets structured entries; what looks like a token is masked. */
  log?: (entry: LogRecord) => void;
  /** For tests: see `createTestClock` in `@parley/client/testing`. */
  clock?: Clock;
}

/**
 * `idle`: nobody holds the connection. `connecting`: for the first time, or again. `retrying`: waits for the next attempt.
 * `signed_out`: waits for `signIn`. `stopped`: for good.
 */
export type State = "idle" | "connecting" | "online" | "retrying" | "signed_out" | "stopped";
/** How the connection is. */
export type Status = Readonly<{
  /** `stopped` after `close()` or a fault that a retry cannot mend. */
  state: State;
  canSend: boolean;
  canHear: boolean;
  /** When state is `retrying`: time from the change to the next attempt, ms. */
  retryInMs?: number;
  error?: ParleyError;
}>;

/** The signed-in user. */
export interface Profile extends User {
  displayName?: string;
  /** Of the user's own profile, as `me()` of `@parley/client/account` gives it: left out for all but admins. */
  role?: "admin";
}
