import type { ErrorCode, ParleyError } from "./error.ts";
import type {
  Ack,
  Message,
  OwnEvent,
  Presence,
  ReadNotice,
  Role,
  RoomEvent,
  RoomPresence,
  User,
} from "./frames.ts";
import type { Live, Profile, Release, Status } from "./options.ts";

export type * from "./options.ts";

/** Who is signed in. `register`, `signIn` and `signOut` are for `auth: "cookie"`. */
export interface Session {
  readonly user: Live<Profile | null>;
  /**
   * Makes an account. It does not sign in. `invite` is the code of a link to a room, where the server asks for one
   * (`registration()` of `@parley/client/account`); it does not join the room.
   * @throws {ParleyError} such as `username_taken`, `invite_invalid`, `registration_closed`
   */
  register(account: {
    username: string;
    password: string;
    displayName?: string;
    invite?: string;
  }): Promise<void>;
  /** Opens a session; the sockets follow if somebody holds them. @throws {ParleyError} why it was refused. */
  signIn(credentials: { username: string; password: string }): Promise<void>;
  /** Ends the session here and on the server, and clears the store. */
  signOut(): Promise<void>;
  /** A valid access token, for requests of your own. */
  token(): Promise<string>;
}

/** The three services of a server. */
export type Service = "auth" | "send" | "listen";
/** What a request of your own may have. */
export interface RequestOptions {
  /** Left out: `listen`, which has the routes of rooms. */
  service?: Service;
  /** Asked without a token, for example before anybody is signed in. */
  isPublic?: boolean;
  /** Sent as JSON. */
  body?: object;
  query?: Readonly<Record<string, string | number | undefined>>;
  signal?: AbortSignal | undefined;
}
/** The body of an answer: `data`, and beside it what lists have. */
export type Answer<T> = { data: T; next?: string | null; head?: number; invited?: User[] };

/** A part of a longer list. */
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

/** A channel is open to all; a group has members. */
export type NewRoom =
  | { kind: "channel"; name: string; title?: string }
  | { kind: "group"; title: string; members?: string[] };

/** Unread messages: of all rooms together, and of each. */
export interface Unread {
  total: number;
  rooms: { room: string; unread: number; readSeq: number }[];
}

/** The rooms of the server. */
export interface Rooms {
  /** The room of that id: always the same object; nothing is asked or opened. */
  get(id: string): Room;
  /** Your rooms, pinned and newest first; or all channels. */
  list(o?: {
    list?: "mine" | "channels";
    cursor?: string;
    limit?: number;
    signal?: AbortSignal;
  }): Promise<Page<RoomSummary>>;
  /** Makes a room of which you are the owner. Members with whom you share no room are `invited` and may accept. */
  create(room: NewRoom): Promise<RoomSummary & { invited: User[] }>;
  /** The direct chat with a user, made if there is none. */
  direct(userId: string): Promise<RoomSummary>;
  /** Counts unread messages. */
  unread(): Promise<Unread>;
}

/** Somebody in a room. */
export interface Member {
  user: User;
  role: Role;
  joinedAt: string;
  readSeq: number;
}

/** Somebody is asked to join a group. */
export interface Invitation {
  room: string;
  title: string | null;
  user: User;
  role: Role;
  /** Who asks. */
  by: User;
  at: string;
}

/** Who is in a room. */
export interface Members {
  /** A page of members, those who joined first first. */
  list(o?: { cursor?: string; limit?: number; signal?: AbortSignal }): Promise<Page<Member>>;
  /**
   * Adds a member (owners and admins). To a group, somebody with whom you share no room gets an invitation instead.
   * @throws {ParleyError} `quota_exceeded`
   */
  add(userId: string, role?: Role): Promise<Member | Invitation>;
  /** Gives a member another role (owners). */
  setRole(userId: string, role: Role): Promise<void>;
  /** Removes a member (owners anybody, admins members). */
  remove(userId: string): Promise<void>;
}

/** What is shown of a room. Each change is a new object. */
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

/** What `room.on` tells of, by name. */
export type RoomEvents = {
  /** Everything with a seq, once and in order, from the first `open` on. */
  event: RoomEvent;
  message: Message;
  read: ReadNotice;
  /** In a room that more than 100 have open, every 2 s at most: their number, and the latest who came and left. */
  room_presence: RoomPresence;
  /** Something between was not fetched, or the server has gone back: what was remembered of the room is void. */
  reset: { why: "gap" | "reset" };
};

/** One room. It is a handle: making one asks for nothing. */
export interface Room {
  readonly id: string;
  readonly timeline: Live<Timeline>;
  readonly typing: Live<readonly User[]>;
  readonly members: Members;
  /** Listens to the room until the last release (and 250 ms longer). */
  open(): Release;
  /** Calls back for what happens while the room is open, until the release or the signal. */
  on<E extends keyof RoomEvents>(event: E, f: (x: RoomEvents[E]) => void, signal?: AbortSignal): Release;
  /** Every event after `after` (left out: the new ones), once and in order, at the pace of the reader. */
  events(o?: { after?: number; signal?: AbortSignal }): AsyncIterableIterator<RoomEvent>;
  /** Sends a message: queued at once, sent when the connection allows, stored once. Never throws. */
  send(body: string, o?: SendOptions): Pending;
  /** Changes the text of a message of yours. @throws {ParleyError} `message_not_found`, `forbidden`. */
  edit(seq: number, body: string): Promise<void>;
  /** Deletes a message of yours, or of others as owner or admin. @throws {ParleyError} `message_not_found`, `forbidden`. */
  remove(seq: number): Promise<void>;
  /** Adds a reaction, or takes it back with `on` = false. */
  react(seq: number, emoji: string, on?: boolean): Promise<void>;
  /** Loads messages before the first one. Resolves to whether there are still older ones. */
  older(): Promise<boolean>;
  /** Loads messages after the last one that is shown. Resolves to whether there are still newer ones. */
  newer(): Promise<boolean>;
  /** Shows the messages around a seq, which may leave the newest ones. */
  around(seq: number): Promise<void>;
  /** Back to the newest messages. */
  latest(): Promise<void>;
  /** Somebody types here: others are told, at most every 3 s, until a pause or a send. */
  keystroke(): void;
  /** Tells how far the user has read; it never goes back. */
  read(seq: number): void;
  /** The room as its list shows it. @throws {ParleyError} `room_not_found` */
  fetch(): Promise<RoomSummary>;
  /** Renames the room (owners and admins), or mutes or pins it for yourself. @throws {ParleyError} `conflict` */
  update(changes: { title?: string | null; isMuted?: boolean; isPinned?: boolean }): Promise<RoomSummary>;
  /** Deletes the room for all members, for good (owners). */
  delete(): Promise<void>;
  /** Joins a channel. */
  join(): Promise<void>;
  /**
   * Leaves the room. The last owner makes a member its owner in the same step:
   * `parley.request("POST", "/rooms/ID/leave", { query: { successor: userId } })`. @throws {ParleyError} `last_owner`
   */
  leave(): Promise<void>;
}

/** Choices for one message. */
export interface SendOptions {
  /** Your own id of it, unique per room: sent again under the same id it is stored once. Left out: a random one. */
  id?: string;
  /** Seq of the message that this one answers. */
  replyTo?: number;
  /** A message that the server has not taken by then fails with `expired`, ms. */
  expiresInMs?: number;
}

/** `queued` waits, `sending` has no answer yet, `acked` is on disk, `stored` has its seq, `failed` has an `error`. */
export type PendingState = "queued" | "sending" | "acked" | "stored" | "failed";

/** A message on its way. Failing is a state; only who awaits it gets a rejection. */
export interface Pending extends PromiseLike<Ack> {
  readonly id: string;
  readonly room: string;
  readonly body: string;
  readonly replyTo?: number;
  readonly state: Live<PendingState>;
  /** Why it is `failed`; or why it is `queued` again, such as `rate_limited`: it is sent `retryAfterMs` after that. */
  readonly error?: ParleyError;
  /** Resolves with the seq once the database has it. @throws {ParleyError} if it fails or is discarded. */
  stored(): Promise<{ seq: number }>;
  /** Sends a failed message again under the same id. */
  retry(): void;
  /** Takes it back; false if the server may have it already. */
  discard(): boolean;
}

/** A client: everything of one user, over one pair of sockets. */
export interface Parley extends AsyncDisposable {
  readonly status: Live<Status>;
  readonly session: Session;
  readonly rooms: Rooms;
  /** What is not acknowledged yet, and what failed. */
  readonly outbox: Live<readonly Pending[]>;
  /** Whether somebody is online; null until known. */
  presence(userId: string): Live<Presence | null>;
  /** Finds messages, the newest first, in all your rooms or in one. */
  search(
    q: string,
    o?: { room?: string; cursor?: string; limit?: number; signal?: AbortSignal },
  ): Promise<Page<Message>>;
  /**
   * What concerns the user in all rooms and on all devices, after `after` (left out: what is new), once and in order:
   * memberships, sessions, read marks. The server keeps the last 1,000; fails with `reset` where more were missed: then
   * ask again for what you show of rooms and sessions, and begin anew.
   */
  events(o?: { after?: number; signal?: AbortSignal }): AsyncIterableIterator<OwnEvent>;
  /**
   * A request to a route that has no method here, with the session's token.
   * @example await parley.request("PATCH", "/rooms/general", { body: { isMuted: true } });
   * @throws {ParleyError} the problem it was answered with, `network` or `timeout`
   */
  request<T = unknown>(method: string, path: string, o?: RequestOptions): Promise<Answer<T>>;
  /** Connects until the last release (and 250 ms longer). */
  connect(): Release;
  /** Makes the next attempt now, where `status` is `retrying`. A connection that is open is asked whether it lives. */
  retry(): void;
  /** Final. Never rejects. What is in the outbox stays in the store. */
  close(): Promise<void>;
}

export type { ErrorCode };
