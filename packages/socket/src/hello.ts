import { BODY_LENGTH_MAX, FRAME_BYTES_MAX, HEARTBEAT_MS, MESSAGES_PER_SECOND } from "@parley/protocol/limits";
import type { HelloFrame } from "@parley/protocol/server-frames";
import type { Connection } from "./connection.ts";
import { SUBPROTOCOL } from "./handshake.ts";

/** The first frame on every authenticated connection. `commands` are the types of frames that the service takes. */
export function helloFrame(
  connection: Connection,
  service: HelloFrame["service"],
  commands: readonly string[],
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
    },
    commands: [...commands],
  };
}
