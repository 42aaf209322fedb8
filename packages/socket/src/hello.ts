import {
  BODY_LENGTH_MAX,
  FRAME_BYTES_MAX,
  HEARTBEAT_MS,
  MESSAGES_PER_SECOND,
  ROOMS_PER_RESUME_MAX,
  ROOMS_PER_SOCKET_MAX,
} from "@parley/protocol/limits";
import type { HelloFrame } from "@parley/protocol/server-frames";
import { BURST_S } from "@parley/runtime/work";
import type { CommandTable } from "./command.ts";
import type { Connection } from "./connection.ts";
import { SUBPROTOCOL } from "./handshake.ts";

/** The first frame on every authenticated connection. `table` has the frames that the service takes. */
export function helloFrame(
  connection: Connection,
  service: HelloFrame["service"],
  table: CommandTable,
  workPerSecond: number,
): HelloFrame {
  return {
    type: "hello",
    protocol: SUBPROTOCOL,
    service,
    user: { id: connection.userId, username: connection.identity.username },
    connection: connection.id,
    heartbeatMs: HEARTBEAT_MS,
    limits: {
      bodyLength: BODY_LENGTH_MAX,
      frameBytes: FRAME_BYTES_MAX,
      messagesPerSecond: MESSAGES_PER_SECOND,
      roomsPerResume: ROOMS_PER_RESUME_MAX,
      roomsPerSocket: ROOMS_PER_SOCKET_MAX,
      workPerSecond,
      workBurst: workPerSecond * BURST_S,
      costs: table.costs,
    },
    commands: [...table.types],
  };
}
