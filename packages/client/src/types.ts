import type { ErrorCode, ParleyError } from "./error.ts";
import type { Ack, Message, Notification, Presence, ReadNotice, Role, RoomEvent, User } from "./frames.ts";

/** Undoes what returned it; calling it again does nothing. */
export type Release = () => void;

/**
 * A value that changes. `subscribe` calls back with the value of now and then with each new one, so it fits Svelte
 * stores, signals and `useSyncExternalStore`. A callback that throws is logged and stops no other.
 */
export interface Live<T> {
  readonly value: T;
  subscribe(listener: (value: T) => void): Release;
}

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
  get(key: string): Promise<unknown>;
  /** `undefined` removes the key. */
  set(key: string, value: unknown): Promise<void>;
  /** All entries whose key begins with `prefix`, in the order of their keys. */
  list(prefix: string): Promise<[key: string, value: unknown][]>;
  clear(): Promise<void>;
}

/** Time and chance: monotonic ms, timers, and numbers in [0, 1). Replaced in tests only. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  random(): number;
}

/** What is used of a WebSocket. */
export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}
export type SocketClass = new (url: string) => SocketLike;
export type Endpoint = "send" | "listen";

/** A token and how long it is valid from now on, ms; without a life it is used until the server refuses it. */
export interface Grant {
  token: string;
  lifeMs?: number;
}

/** How sockets are opened and tokens renewed: by this page itself, or by the tab that leads (`./tabs`). */
export interface Link {
  openSocket(endpoint: Endpoint): SocketLike;
  renew(why: Why, signal: AbortSignal): Promise<Grant>;
  close(): void;
}
export interface TabSharing {
  join(own: Omit<Link, "close">, log: (entry: LogRecord) => void): Link;
}

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
  fetch?: typeof fetch;
  log?: (entry: LogRecord) => void;
  clock?: Clock;
}

export type State = "idle" | "connecting" | "online" | "retrying" | "signed_out" | "stopped";
export type Status = Readonly<{
  /** `stopped` after `close()` or a fault that a retry cannot mend. */
  state: State;
  canSend: boolean;
  canHear: boolean;
  /** When state is `retrying`: time from the change to the next attempt, ms. */
  retryInMs?: number;
  error?: ParleyError;
}>;

export interface Profile extends User {
  displayName?: string;
}

/** Who is signed in. `register`, `signIn` and `signOut` are for `auth: "cookie"`. */
export interface Session {
  readonly user: Live<Profile | null>;
  register(account: { username: string; password: string; displayName?: string }): Promise<void>;
  signIn(credentials: { username: string; password: string }): Promise<void>;
  /** Ends the session here and on the server, and clears the store. */
  signOut(): Promise<void>;
  /** A valid access token, for requests of your own. */
  token(): Promise<string>;
}

export interface Page<T> {
  items: T[];
  /** Passed as `cursor` it gives the next page; null at the end. */
  next: string | null;
}

/** A room as its list shows it. */
export interface RoomSummary {
  id: string;
  kind: "channel" | "group" | "direct";
  title: string | null;
  role: Role | null;
  head: number;
  createdBy: string | null;
  createdAt: string;
  activeAt: string;
  lastMessage: Message | null;
  readSeq: number;
  unread: number;
  isMuted: boolean;
  isPinned: boolean;
  with: User | null;
}

export type NewRoom =
  | { kind: "channel"; name: string; title?: string }
  | { kind: "group"; title: string; members?: string[] };

export interface Unread {
  total: number;
  rooms: { room: string; unread: number; readSeq: number }[];
}

export interface Rooms {
  /** The room of that id: always the same object; nothing is asked or opened. */
  get(id: string): Room;
  list(o?: {
    list?: "mine" | "channels";
    cursor?: string;
    limit?: number;
    signal?: AbortSignal;
  }): Promise<Page<RoomSummary>>;
  create(room: NewRoom): Promise<RoomSummary>;
  /** The direct chat with a user, made if there is none. */
  direct(userId: string): Promise<RoomSummary>;
  unread(): Promise<Unread>;
}

export interface Member {
  user: User;
  role: Role;
  joinedAt: string;
  readSeq: number;
}

export interface Members {
  list(o?: { cursor?: string; limit?: number; signal?: AbortSignal }): Promise<Page<Member>>;
  add(userId: string, role?: Role): Promise<void>;
  setRole(userId: string, role: Role): Promise<void>;
  remove(userId: string): Promise<void>;
}

export type Timeline = Readonly<{
  /** Messages in the order of `seq`, then what is not stored yet in the order of sending. */
  items: readonly (Message | Pending)[];
  /** Every message from this seq on is in `items` (to the head, unless `hasNewer`). */
  completeFrom: number;
  /** The last seq that is known. */
  head: number;
  phase: "cached" | "catching_up" | "live";
  hasOlder: boolean;
  /** `around` has left the newest messages: `newer` and `latest` lead back. */
  hasNewer: boolean;
  /** The room cannot be read, for example `room_not_found`. */
  error?: ParleyError;
}>;

export type RoomEvents = {
  /** Everything with a seq, once and in order, from the first `open` on. */
  event: RoomEvent;
  message: Message;
  read: ReadNotice;
  /** Something between was not fetched, or the server has gone back: what was remembered of the room is void. */
  reset: { why: "gap" | "reset" };
};

export interface Room {
  readonly id: string;
  readonly timeline: Live<Timeline>;
  readonly typing: Live<readonly User[]>;
  readonly members: Members;
  /** Listens to the room until the last release (and 250 ms longer). */
  open(): Release;
  on<E extends keyof RoomEvents>(event: E, f: (x: RoomEvents[E]) => void, signal?: AbortSignal): Release;
  /** Every event after `after` (left out: the new ones), once and in order, at the pace of the reader. */
  events(o?: { after?: number; signal?: AbortSignal }): AsyncIterableIterator<RoomEvent>;
  send(body: string, o?: SendOptions): Pending;
  edit(seq: number, body: string): Promise<void>;
  remove(seq: number): Promise<void>;
  /** Adds a reaction, or takes it back with `on` = false. */
  react(seq: number, emoji: string, on?: boolean): Promise<void>;
  /** Loads messages before the first one. Resolves to whether there are still older ones. */
  older(): Promise<boolean>;
  newer(): Promise<boolean>;
  /** Shows the messages around a seq, which may leave the newest ones. */
  around(seq: number): Promise<void>;
  /** Back to the newest messages. */
  latest(): Promise<void>;
  /** Somebody types here: others are told, at most every 3 s, until a pause or a send. */
  keystroke(): void;
  /** Tells how far the user has read; it never goes back. */
  read(seq: number): void;
  join(): Promise<void>;
  leave(): Promise<void>;
}

export interface SendOptions {
  id?: string;
  replyTo?: number;
  /** A message that the server has not taken by then fails with `expired`, ms. */
  expiresInMs?: number;
}

export type PendingState = "queued" | "sending" | "acked" | "stored" | "failed";

/** A message on its way. Failing is a state; only who awaits it gets a rejection. */
export interface Pending extends PromiseLike<Ack> {
  readonly id: string;
  readonly room: string;
  readonly body: string;
  readonly replyTo?: number;
  readonly state: Live<PendingState>;
  readonly error?: ParleyError;
  /** Resolves with the seq once the database has it. @throws {ParleyError} if it fails or is discarded. */
  stored(): Promise<{ seq: number }>;
  /** Sends a failed message again under the same id. */
  retry(): void;
  /** Takes it back; false if the server may have it already. */
  discard(): boolean;
}

/** A list that grows at its head. */
export interface Feed<T> {
  readonly items: Live<readonly T[]>;
  /** Loads older entries. Resolves to whether there are still more. */
  more(): Promise<boolean>;
  read(id: string): Promise<void>;
  readAll(): Promise<void>;
}

export interface Parley extends AsyncDisposable {
  readonly status: Live<Status>;
  readonly session: Session;
  readonly rooms: Rooms;
  /** What is not acknowledged yet, and what failed. */
  readonly outbox: Live<readonly Pending[]>;
  readonly notifications: Feed<Notification>;
  /** Whether somebody is online; null until known. */
  presence(userId: string): Live<Presence | null>;
  search(
    q: string,
    o?: { room?: string; cursor?: string; limit?: number; signal?: AbortSignal },
  ): Promise<Page<Message>>;
  /** Connects until the last release (and 250 ms longer). */
  connect(): Release;
  /** Final. Never rejects. What is in the outbox stays in the store. */
  close(): Promise<void>;
}

export type { ErrorCode };
