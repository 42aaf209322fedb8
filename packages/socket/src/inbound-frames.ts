import { isUtf8 } from "node:buffer";
import type { Socket } from "node:net";
import { CLOSE, Refusal } from "@parley/protocol/codes";
import { BAD_FRAMES_MAX, BAD_FRAMES_WINDOW_MS, FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { Log } from "@parley/runtime/log";
import { BusyError } from "@parley/runtime/postgres-errors";
import type { RawData, WebSocket } from "ws";
import { type Command, type CommandTable, errorFrame, resultsOf } from "./command.ts";
import type { Connection } from "./connection.ts";
import { BYTES_PER_UNIT, FRAME_COST, PING_COST, PONG_COST } from "./cost.ts";
import type { Meter } from "./meter.ts";
import { socketCounts } from "./socket-counts.ts";

export type FrameKind = "text" | "binary" | "ping" | "pong";

/** Takes one frame of a socket. ws has checked that a text is UTF-8; a ping is answered. Must not throw. */
export type TakeFrame = (kind: FrameKind, data: RawData) => void;

/** Where the frames of one socket go at present: `take` is replaced when the socket is authenticated. */
export type Inbound = { take: TakeFrame };

/** Unsent bytes of a socket beyond which its pings are not answered. */
const PONG_UNSENT_BYTES_MAX = 64 * 1_024;

/**
 * Subscribes to every frame of a socket, control frames included, and passes each that its meter admits to
 * `inbound.take`: the one place through which everything passes that a peer sends, before and after it is
 * authenticated. A close frame is ws's own: there is one at most.
 */
export function receiveFrames(ws: WebSocket, socket: Socket, meter: Meter, inbound: Inbound): void {
  ws.on("message", (data, isBinary) => {
    meter.noteMessage();
    const units = FRAME_COST + (data as Buffer).length / BYTES_PER_UNIT;
    if (meter.admits(units, performance.now())) inbound.take(isBinary ? "binary" : "text", data);
    else socketCounts.framesDropped += 1;
  });
  ws.on("ping", (data) => {
    if (!meter.admits(PING_COST, performance.now())) return;
    if (ws.readyState === ws.OPEN && socket.writableLength < PONG_UNSENT_BYTES_MAX) ws.pong(data);
    inbound.take("ping", data);
  });
  ws.on("pong", (data) => {
    if (meter.admits(PONG_COST, performance.now())) inbound.take("pong", data);
  });
  socket.on("data", meter.noteRead);
}

/** Codes of refusals that count as a bad frame: a correct client never causes them. */
const BAD_FRAME_CODES = new Set(["bad_json", "bad_frame", "unknown_type", "too_large"]);

/** Counts a bad frame, and closes the connection with 4400 at `BAD_FRAMES_MAX` within `BAD_FRAMES_WINDOW_MS`. */
function countBadFrame(connection: Connection): void {
  const now = performance.now();
  if (now - connection.badFramesSince > BAD_FRAMES_WINDOW_MS) {
    connection.badFramesSince = now;
    connection.badFrames = 0;
  }
  connection.badFrames += 1;
  if (connection.badFrames >= BAD_FRAMES_MAX) connection.close(CLOSE.badFrames, "too many bad frames");
}

/** Answers a frame whose command was refused or failed with an error frame. `id` is the id of that frame. */
function answerError(
  connection: Connection,
  error: unknown,
  { id, results, log }: Readonly<{ id: string | undefined; results: Command["results"]; log: Log }>,
): void {
  if (error instanceof Refusal) {
    (resultsOf(error) ?? results)[error.code] += 1;
    connection.send(errorFrame(error, id));
    if (BAD_FRAME_CODES.has(error.code)) countBadFrame(connection);
    return;
  }
  if (error instanceof BusyError) {
    const { retryAfterMs } = error;
    results.overloaded += 1;
    connection.send(errorFrame(new Refusal("overloaded", "too many requests at once", { retryAfterMs }), id));
    return;
  }
  results.failed += 1;
  log.error({ err: error, connection: connection.id }, "command failed");
  const failure = new Refusal("unavailable", "something went wrong on our side", { retryAfterMs: 1_000 });
  connection.send(errorFrame(failure, id));
}

/** @throws {Refusal} `rate_limited` if the budgets of the sender do not have what a command costs. */
function pay(connection: Connection, command: Command, frame: never): void {
  const { cost } = command;
  const units = typeof cost === "number" ? cost : cost(frame);
  const retryAfterMs = units === 0 ? 0 : connection.meter.take(units, connection.heardAt);
  if (retryAfterMs > 0) throw new Refusal("rate_limited", "too much work asked for", { retryAfterMs });
}

/**
 * Handles one frame of an authenticated peer: checks a text against its schema and runs its command; a control frame
 * only shows that the peer is alive. Size comes before parsing, and the price before the work. Errors are answered or
 * logged, never thrown.
 */
export function handleFrame(
  connection: Connection,
  table: CommandTable,
  kind: FrameKind,
  data: RawData,
  log: Log,
): void {
  if (connection.isLost()) return;
  connection.heardAt = performance.now();
  if (kind === "ping" || kind === "pong") return;
  let id: string | undefined;
  let { unreadable: results } = socketCounts;
  try {
    if ((data as Buffer).length > FRAME_BYTES_MAX)
      throw new Refusal("too_large", `a frame has at most ${FRAME_BYTES_MAX} bytes`, { path: "" });
    if (kind === "binary") {
      if (!isUtf8(data as Buffer)) {
        connection.close(CLOSE.notUtf8, "a frame is UTF-8 text");
        return;
      }
      throw new Refusal("bad_frame", "a frame is text, not binary", { path: "" });
    }
    const { command, frame } = table.read(data.toString());
    results = command.results;
    id = (frame as { id?: string }).id;
    pay(connection, command, frame);
    const work = command.handle(connection, frame);
    if (work === undefined) command.countOk();
    else
      void work.then(command.countOk, (error: unknown) =>
        answerError(connection, error, { id, results, log }),
      );
  } catch (error) {
    answerError(connection, error, { id, results, log });
  }
}
