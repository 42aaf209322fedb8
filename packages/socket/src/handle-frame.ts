import { isUtf8 } from "node:buffer";
import { CLOSE, Refusal } from "@parley/protocol/codes";
import { BAD_FRAMES_MAX, BAD_FRAMES_WINDOW_MS, FRAME_BYTES_MAX } from "@parley/protocol/limits";
import type { Log } from "@parley/runtime/log";
import type { RawData } from "ws";
import { type Command, type CommandTable, errorFrame } from "./command.ts";
import type { Connection } from "./connection.ts";
import type { FrameKind } from "./receive.ts";

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
function answerError(connection: Connection, error: unknown, id: string | undefined, log: Log): void {
  if (error instanceof Refusal) {
    connection.send(errorFrame(error, id));
    if (BAD_FRAME_CODES.has(error.code)) countBadFrame(connection);
    return;
  }
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
 * only shows that the peer is alive. Size comes before parsing, and the price before the work. Errors are answered or logged, never thrown.
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
    id = (frame as { id?: string }).id;
    pay(connection, command, frame);
    const work = command.handle(connection, frame);
    void work?.catch((error: unknown) => answerError(connection, error, id, log));
  } catch (error) {
    answerError(connection, error, id, log);
  }
}
