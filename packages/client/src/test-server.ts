import type { ErrorCode, ParleyError } from "./error.ts";
import type { Frame, RoomEvent, User } from "./frames.ts";
import { COMMANDS } from "./twin-commands.ts";
import { answer, type TwinRequest } from "./twin-http.ts";
import { type NewEvent, TwinRoom } from "./twin-rooms.ts";
import { type TwinDoor, TwinSocket } from "./twin-socket.ts";
import type { Endpoint, Options, SocketClass, TokenSource } from "./types.ts";

/** A socket of the client as its server sees it. */
export interface TestSocket {
  readonly endpoint: Endpoint;
  /** 0 connecting, 1 open, 3 closed. */
  readonly readyState: number;
  /** Who has authenticated. */
  readonly user: User | undefined;
  /** What the client sent on it. */
  readonly sent: readonly Frame[];
  /** Rooms that are listened to. */
  readonly rooms: ReadonlySet<string>;
  /** The server sends a frame. */
  push(frame: object): void;
  /** The server, or the network, ends it. */
  drop(code: number, reason: string): void;
}

type Fault = { command: string; code: ErrorCode; retryAfterMs?: number; times: number };

/**
 * A server in memory for tests of applications: it answers as the services do, and breaks when it is told to. Nothing is
 * stored, nobody is checked but by token.
 *
 * @example
 * const server = new TestServer();
 * const parley = createParley({ ...server.options, auth: server.auth("alice") });
 * server.post("general", "bob", "Hello");
 * server.cut();
 */
export class TestServer {
  /** Every socket that was opened, also the closed ones. */
  get sockets(): readonly TestSocket[] {
    return this.#sockets;
  }

  readonly #sockets: TwinSocket[] = [];
  readonly #rooms = new Map<string, TwinRoom>();
  readonly #tokens = new Map<string, User>();
  readonly #faults: Fault[] = [];
  #count = 0;
  #isDown = false;
  #isStalled = false;

  /** Spread into the options of `createParley`. */
  get options(): Pick<Options, "url" | "WebSocket" | "fetch"> {
    const door = this.#door;
    const Socket = class extends TwinSocket {
      constructor(url: string) {
        super(url, door);
      }
    };
    return { url: "http://twin.test", WebSocket: Socket as SocketClass, fetch: this.#fetch };
  }

  /** A token source for somebody; each call gives a new token. */
  auth(username: string): TokenSource {
    return async () => this.token(username);
  }

  /** A new token of somebody. */
  token(username: string): string {
    this.#count += 1;
    const token = `token-${username}-${this.#count}`;
    this.#tokens.set(token, { id: `id-${username}`, username });
    return token;
  }

  /** No token that was given so far is valid any more. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** Somebody posts a message. Returns its seq. */
  post(room: string, username: string, body: string): number {
    this.#count += 1;
    const author = { id: `id-${username}`, username };
    return this.#append(room, { type: "message", author, id: `post-${this.#count}`, body }).seq;
  }

  /** Everything that happened in a room, in order. */
  events(room: string): readonly RoomEvent[] {
    return this.#room(room).events;
  }

  /** Ends all sockets, and lets new ones in. */
  cut(code = 1006, reason = ""): void {
    for (const socket of this.#open()) socket.drop(code, reason);
  }

  /** Nobody gets in, and nobody gets an answer, until `heal`. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  /** Sockets stay open and new ones CONNECTING, but nothing passes until `heal`, which ends them: half-open connections. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Ends `down` and `stall`. */
  heal(): void {
    if (this.#isStalled) for (const socket of this.#sockets) socket.drop(1006, "");
    this.#isDown = false;
    this.#isStalled = false;
  }

  /** Refuses the next frames of a type, such as `message`. */
  refuse(
    command: string,
    code: ErrorCode,
    { times = 1, retryAfterMs }: { times?: number; retryAfterMs?: number } = {},
  ) {
    this.#faults.push({ command, code, times, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }

  /** The server was restored from a backup: of a room only what was up to `head` is left. */
  restore(room: string, head: number): void {
    this.#room(room).restore(head);
    this.cut();
  }

  #open(endpoint?: Endpoint): TwinSocket[] {
    return this.#sockets.filter((one) => one.readyState === 1 && (!endpoint || one.endpoint === endpoint));
  }

  #room(id: string): TwinRoom {
    const room = this.#rooms.get(id) ?? new TwinRoom(id);
    this.#rooms.set(id, room);
    return room;
  }

  #append(room: string, event: NewEvent) {
    const { event: placed, isNew } = this.#room(room).append(event);
    if (isNew) this.#tell(room, placed);
    return { seq: placed.seq, at: placed.at, isNew };
  }

  #tell(room: string, frame: object, except?: User): void {
    if (this.#isStalled) return;
    for (const socket of this.#open("listen"))
      if (socket.rooms.has(room) && socket.user?.id !== except?.id) socket.push(frame);
  }

  readonly #door: TwinDoor = {
    admit: (socket) => {
      this.#sockets.push(socket);
      if (this.#isDown) socket.drop(1006, "");
      return !this.#isDown && !this.#isStalled;
    },
    userOf: (token) => this.#tokens.get(token),
    hello: ({ endpoint, user }) => {
      this.#count += 1;
      const limits = { bodyLength: 4_000, frameBytes: 65_536, messagesPerSecond: 20, roomsPerResume: 150 };
      const service = endpoint === "send" ? "producer" : "consumer";
      const common = {
        type: "hello",
        protocol: "parley.v1",
        heartbeatMs: 20_000,
        commands: Object.keys(COMMANDS),
      };
      return { ...common, service, user, limits, connection: `c${this.#count}` };
    },
    take: (socket, frame) => this.#take(socket, frame),
    gone: () => undefined,
  };

  #take(socket: TwinSocket, frame: Frame): void {
    if (this.#isStalled) return;
    const type = frame.type ?? "message";
    const fault = this.#faults.find((one) => one.command === type && one.times > 0);
    if (fault) {
      fault.times -= 1;
      const { code, retryAfterMs } = fault;
      socket.push({ type: "error", id: frame.id, code, message: "a fault of the script", retryAfterMs });
      return;
    }
    COMMANDS[type]?.(socket, frame, {
      room: (id) => this.#room(id),
      append: (room, event) => this.#append(room, event),
      tell: (room, one, except) => this.#tell(room, one, except),
    });
  }

  readonly #fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    if (this.#isDown || this.#isStalled) throw new TypeError("the twin is down");
    const url = new URL(String(input));
    const token = new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? "";
    const request: TwinRequest = {
      method: init.method ?? "GET",
      path: url.pathname.replace(/^\/(auth|send|listen)\/api\/v1/, ""),
      query: url.searchParams,
      body: typeof init.body === "string" ? JSON.parse(init.body) : {},
      user: this.#tokens.get(token),
    };
    try {
      return Response.json(answer(this.#state, request));
    } catch (error) {
      const { code, message } = error as ParleyError;
      const status = code === "unauthenticated" ? 401 : code?.endsWith("not_found") ? 404 : 400;
      return Response.json({ status, code, detail: message }, { status });
    }
  };

  readonly #state = {
    room: (id: string) => this.#room(id),
    append: (room: string, event: NewEvent) => {
      const { seq } = this.#append(room, event);
      return this.#room(room).events[seq - 1] as RoomEvent;
    },
    isOnline: (userId: string) => this.#open().some(({ user }) => user?.id === userId),
    cookie: { username: undefined },
    users: () => [...new Map([...this.#tokens.values()].map((user) => [user.id, user])).values()],
    logIn: (username: string) => {
      const token = this.token(username);
      const user = { ...(this.#tokens.get(token) as User), displayName: username };
      return { token, expiresIn: 900, user };
    },
  };
}
