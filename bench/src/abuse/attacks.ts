import { ATTACKS } from "@parley/socket/attacker-fixture";

/** Frames and requests that one attacker offers, by name: what it sends, where, with how many sockets and how often. */
type AbuseCase = Readonly<{
  service: "auth" | "ws-producer" | "ws-consumer";
  hasToken: boolean;
  sockets: number;
  /** Writes of one socket, per second. */
  writesPerSecond: number;
  first?: Buffer;
  write: (n: number, token: string) => Buffer;
  /** The path is the socket's; without, the writes are whole HTTP requests. */
  isSocket?: true;
}>;

const FRAME_WRITES_PER_SECOND = 20;
const ON_CONSUMER = new Set(["resume"]);

const frames = Object.entries(ATTACKS).map(([name, { hasToken, ...attack }]): [string, AbuseCase] => [
  name,
  {
    ...attack,
    hasToken,
    service: ON_CONSUMER.has(name) ? "ws-consumer" : "ws-producer",
    sockets: 1,
    writesPerSecond: FRAME_WRITES_PER_SECOND,
    isSocket: true,
  },
]);

/** Requests in one write, sockets, and writes of each per second: 500 requests a second. */
const PIPELINED = 5;
const HTTP = { sockets: 10, writesPerSecond: 10 } as const;

function request(line: string, token: string | undefined, body?: object): string {
  const text = body === undefined ? "" : JSON.stringify(body);
  const head = [
    `${line} HTTP/1.1`,
    "Host: parley",
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${text.length}`]),
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}

/** A row of requests; `make` gets a number that never comes twice on a socket. */
function http(
  service: AbuseCase["service"],
  hasToken: boolean,
  make: (serial: number) => readonly [line: string, body?: object],
  tokenOf = (token: string, _serial: number) => token,
): AbuseCase {
  const write = (n: number, own: string) =>
    Buffer.from(
      Array.from({ length: PIPELINED }, (_, i) => {
        const serial = n * PIPELINED + i;
        const [line, body] = make(serial);
        return request(line, hasToken ? tokenOf(own, serial) : undefined, body);
      }).join(""),
    );
  return { service, hasToken, ...HTTP, write };
}

const api = (path: string) => `/api/v1${path}`;
const forged = (_own: string, n: number) => `forged${n}.${n}.${"x".repeat(85)}A`;
const wrong = (n: number) => ({ username: `nobody${n % 60}`, password: "wrong-password-1" });

export const CASES: Readonly<Record<string, AbuseCase>> = {
  ...Object.fromEntries(frames),
  "GET /health/ready": http("ws-consumer", false, () => ["GET /health/ready"]),
  "GET /docs/json": http("ws-consumer", false, () => ["GET /docs/json"]),
  "GET a path that is not there": http("ws-producer", false, (n) => [`GET /nothing/${n}`]),
  "GET /rooms, forged tokens": http("ws-consumer", true, () => [`GET ${api("/rooms")}`], forged),
  "POST /login, wrong passwords": http("auth", false, (n) => [`POST ${api("/login")}`, wrong(n)]),
  "POST /register": http("auth", false, (n) => [
    `POST ${api("/register")}`,
    { username: `abuse${n}`, password: "correct-horse-battery" },
  ]),
  "GET /me": http("auth", true, () => [`GET ${api("/me")}`]),
  "GET /rooms": http("ws-consumer", true, () => [`GET ${api("/rooms")}`]),
  "GET /rooms?list=channels": http("ws-consumer", true, () => [`GET ${api("/rooms?list=channels")}`]),
  "GET /rooms/:room/messages": http("ws-consumer", true, () => [
    `GET ${api("/rooms/abuse/messages?limit=200")}`,
  ]),
  "GET /search": http("ws-consumer", true, (n) => [`GET ${api(`/search?q=word${n % 100}`)}`]),
  "GET /unread": http("ws-consumer", true, () => [`GET ${api("/unread")}`]),
  "GET /presence/online": http("ws-consumer", true, () => [`GET ${api("/presence/online")}`]),
  "POST /rooms": http("ws-consumer", true, (n) => [
    `POST ${api("/rooms")}`,
    { kind: "group", title: `g${n}` },
  ]),
  "POST /rooms/:room/join": http("ws-consumer", true, (n) => [`POST ${api(`/rooms/joined${n}/join`)}`]),
  "PUT /rooms/:room/read": http("ws-consumer", true, () => [`PUT ${api("/rooms/abuse/read")}`, { seq: 1 }]),
  "POST /rooms/:room/messages": http("ws-producer", true, (n) => [
    `POST ${api("/rooms/abuse/messages")}`,
    { body: `text ${n}` },
  ]),
};
