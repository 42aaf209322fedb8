import { connectionOn, dial, untilJoined } from "@parley/bench/dialects/dial";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "@parley/bench/load/connection";

/** A member of a Socket.IO 4 server, spoken by hand (Engine.IO 4 over WebSocket), so that the driver stays light. */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const ws = dial(`${endpoint.url}/socket.io/?EIO=4&transport=websocket`);
  await untilJoined(ws, events, {
    onFrame: (frame, { joined }) => {
      const kind = frame.toString("latin1", 0, 2);
      if (kind === "42") events.received(frame);
      else if (kind === "43") takeAck(frame.toString(), events, joined);
      else if (kind[0] === "0") ws.send("40");
      else if (kind === "40") ws.send(`420["join","${spec.room}"]`);
      else if (kind[0] === "2") ws.send("3");
    },
  });
  // 42: an event; the number behind it asks for an acknowledgement.
  return connectionOn(ws, (n, body) => ws.send(`42${n}["message",{"room":"${spec.room}","body":"${body}"}]`));
}

/** `43<n>[]`: 0 answers the join, any other number a message. */
function takeAck(text: string, events: ConnectionEvents, onJoined: () => void): void {
  const bracket = text.indexOf("[");
  const n = Number(text.slice(2, bracket));
  if (n === 0) onJoined();
  else if (text.slice(bracket) === "[]") events.acked(n);
  else events.refused(n, text.slice(bracket));
}
