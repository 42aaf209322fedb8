import { closeSocket } from "./close-socket.ts";
import { errorOf, ParleyError } from "./error.ts";
import type { Frame, Hello } from "./frames.ts";
import { type Heartbeat, startHeartbeat } from "./heartbeat.ts";
import type { WriteLog } from "./log.ts";
import type { Timers } from "./timers.ts";
import type { Tokens } from "./tokens.ts";
import type { Endpoint, Link, Release } from "./types.ts";

/** How long a socket may take from its opening to `hello`, ms. */
const OPENING_MS = 10_000;
/** Shortest wait after `4429`, too many connections, ms. */
const TOO_MANY_MS = 10_000;
/** Closes after which the same would happen again (protocol.md, Errors). */
const FATAL: Readonly<Record<number, string>> = {
  1007: "bad_encoding",
  1009: "too_large",
  4400: "bad_frame",
};

export type ConnectionParts = Readonly<{
  endpoint: Endpoint;
  openSocket: Link["openSocket"];
  tokens: Tokens;
  timers: Timers;
  log: WriteLog;
  onChange: () => void;
  onHello: (hello: Hello) => void;
  onFrame: (frame: Frame) => void;
  /** The server will not have this client as it is. */
  onFatal: (error: ParleyError) => void;
}>;

/** One try to connect, and the socket while it lasts. */
export interface Attempt {
  /** Sends a frame; false if the socket is not open. */
  send(text: string): boolean;
  /** Hands in a new token of the same session. */
  auth(token: string): void;
  probe(): void;
  /** Closes the socket, whose later events reach nobody. Resolves when it is closed, or after a second. */
  stop(): Promise<void>;
}

type AttemptEvents = Readonly<{
  onGreeted: (hello: Hello) => void;
  /** It is over: `floorMs` is the shortest wait before the next one. */
  onFailed: (error: ParleyError, floorMs?: number) => void;
}>;

/** Opens a socket and authenticates by its first frame. @throws what the WebSocket class throws. */
export function openAttempt(parts: ConnectionParts, first: string, events: AttemptEvents): Attempt {
  const { timers, tokens, endpoint } = parts;
  let token = first;
  let heart: Heartbeat | undefined;
  let refusal: ParleyError | undefined;
  let isOver = false;
  /** The server wants a token again: one that has not changed will do, for it may be valid longer than the socket believes. */
  let isAsked = false;
  const late = () => events.onFailed(new ParleyError("timeout"));
  const socket = parts.openSocket(endpoint);
  const stopLate: Release = timers.after(OPENING_MS, late);

  const greeted = (hello: Hello) => {
    stopLate();
    heart ??= startHeartbeat(timers, hello.heartbeatMs, () => socket.send('{"type":"ping"}'), late);
    tokens.accepted(token, hello.user);
    events.onGreeted(hello);
  };
  const take = (frame: Frame) => {
    heart?.heard();
    if (frame.type === "token_expiring") {
      isAsked = true;
      tokens.expiring(token);
    }
    if (heart) parts.onFrame(frame);
    else if (frame.type === "hello") greeted(frame as unknown as Hello);
    else if (frame.type === "error") refusal = errorOf(frame);
    if (frame.id === "auth" && frame.code === "unauthenticated") {
      tokens.refused(token);
      tokens.expiring(token);
    }
  };
  const closed = (code: number, reason: string) => {
    parts.log("info", "socket_closed", { endpoint, code });
    const error = refusal ?? new ParleyError("network", `closed ${code} ${reason}`);
    // The token is valid, but not for this service.
    const fatal = error.code === "forbidden" ? error.code : FATAL[code];
    if (fatal) return parts.onFatal(new ParleyError(fatal, error.message));
    if (code === 4401 || code === 4403) tokens.refused(token);
    // Its session is over: an application may have a token of another one, and a cookie says at once that there is none.
    if (code === 4403) tokens.expiring(token);
    events.onFailed(error, Math.max(retryAfterMs(reason), code === 4429 ? TOO_MANY_MS : 0));
  };
  socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token }));
  socket.onmessage = ({ data }: { data: unknown }) => isOver || take(JSON.parse(String(data)));
  socket.onclose = ({ code, reason }: { code: number; reason: string }) =>
    isOver || closed(code, String(reason ?? ""));
  socket.onerror = () => undefined;

  const send = (text: string) => {
    const isOpen = socket.readyState === 1;
    if (isOpen) socket.send(text);
    return isOpen;
  };
  return {
    send,
    auth(next) {
      if (!heart || (token === next && !isAsked)) return;
      isAsked = false;
      token = next;
      send(JSON.stringify({ type: "auth", id: "auth", token }));
    },
    probe: () => heart?.probe(),
    stop() {
      isOver = true;
      stopLate();
      heart?.stop();
      return closeSocket(socket);
    },
  };
}

/** `{"retryAfterMs":n}` of a close reason, else 0. */
function retryAfterMs(reason: string): number {
  try {
    return Number(JSON.parse(reason).retryAfterMs) || 0;
  } catch {
    return 0;
  }
}
