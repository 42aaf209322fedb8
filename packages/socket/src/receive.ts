import { isUtf8 } from "node:buffer";
import { CLOSE, Refusal } from "@parley/protocol/codes";
import { BAD_FRAMES_MAX, BAD_FRAMES_WINDOW_MS } from "@parley/protocol/limits";
import type { Log } from "@parley/runtime/log";
import type { RawData } from "ws";
import { type CommandTable, errorFrame } from "./command.ts";
import type { Connection } from "./connection.ts";

/** Refusals that say that the client itself is wrong; enough of them end the connection. */
const BAD_FRAME_CODES = new Set(["bad_json", "bad_frame", "unknown_type", "too_large"]);

/** Answers a frame that was refused or that failed; ends the connection of a client that does nothing else. */
function answer(connection: Connection, error: unknown, id: string | undefined, log: Log): void {
  if (!(error instanceof Refusal)) {
    log.error({ err: error, connection: connection.id }, "a command failed");
    connection.send(
      errorFrame(new Refusal("unavailable", "something went wrong on our side", { retryAfterMs: 1_000 }), id),
    );
    return;
  }
  connection.send(errorFrame(error, id));
  if (!BAD_FRAME_CODES.has(error.code)) return;
  const now = performance.now();
  if (now - connection.badFramesSince > BAD_FRAMES_WINDOW_MS) {
    connection.badFramesSince = now;
    connection.badFrames = 0;
  }
  connection.badFrames += 1;
  if (connection.badFrames >= BAD_FRAMES_MAX) connection.close(CLOSE.badFrames, "too many bad frames");
}

/**
 * One frame from an authenticated peer: read, checked, and handed to its command. ws has checked that a text is UTF-8.
 * Never throws.
 */
export function receive(
  connection: Connection,
  table: CommandTable,
  data: RawData,
  isBinary: boolean,
  log: Log,
): void {
  if (!connection.isOpen) return;
  connection.heardAt = performance.now();
  let id: string | undefined;
  try {
    if (isBinary) {
      if (!isUtf8(data as Buffer)) {
        connection.close(CLOSE.notUtf8, "a frame is UTF-8 text");
        return;
      }
      throw new Refusal("bad_frame", "a frame is text, not binary", { path: "" });
    }
    const { command, frame } = table.read(data.toString());
    id = (frame as { id?: string }).id;
    const work = command.handle(connection, frame);
    void work?.catch((error: unknown) => answer(connection, error, id, log));
  } catch (error) {
    answer(connection, error, id, log);
  }
}
