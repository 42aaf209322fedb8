import { connectionOn, dial, untilJoined } from "@parley/bench/dialects/dial";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "@parley/bench/load/connection";

const ACK_FIRST_BYTE = 0x61;

/** A member of the plain `ws` + `pg` server of bench/peers/plain. */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const ws = dial(`${endpoint.url}?room=${spec.room}`);
  await untilJoined(ws, events, {
    onOpen: ({ joined }) => joined(),
    onFrame: (frame) => {
      // An acknowledgement is "ack <n>", a message begins with "{".
      if (frame[0] === ACK_FIRST_BYTE) events.acked(Number(frame.toString("latin1", 4)));
      else events.received(frame);
    },
  });
  return connectionOn(ws, (n, body) => ws.send(`{"id":${n},"body":"${body}"}`));
}
