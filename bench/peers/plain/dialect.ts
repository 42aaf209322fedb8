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
    onFrame: (bytes, _gate, from, to) => {
      // An acknowledgement is "ack <n>", a message begins with "{".
      if (bytes[from] === ACK_FIRST_BYTE) events.acked(Number(bytes.toString("latin1", from + 4, to)));
      else events.received(bytes, from, to);
    },
  });
  return connectionOn(ws, (n, body) => ws.send(`{"id":${n},"body":"${body}"}`));
}
