import type { Ears, Endpoint, Member, Place } from "../load/member.ts";
import { dial, memberOn, untilIn } from "./dial.ts";

/** A member of a Socket.IO 4 server, spoken by hand (Engine.IO 4 over WebSocket), so that the driver stays light. */
export async function openSocketIo(endpoint: Endpoint, place: Place, ears: Ears): Promise<Member> {
  const ws = dial(`${endpoint.url}/socket.io/?EIO=4&transport=websocket`);
  await untilIn(ws, ears, {
    onFrame: (bytes, { enter }, from, to) => {
      const kind = bytes.toString("latin1", from, Math.min(from + 2, to));
      if (kind === "42") ears.heard(bytes, from, to);
      else if (kind === "43") takeAck(bytes.toString("utf8", from, to), ears, enter);
      else if (kind[0] === "0") ws.send("40");
      else if (kind === "40") ws.send(`420["join","${place.room}"]`);
      else if (kind[0] === "2") ws.send("3");
    },
  });
  // 42: an event; the number behind it asks for an acknowledgement.
  return memberOn(ws, (n, body) => ws.send(`42${n}["message",{"room":"${place.room}","body":"${body}"}]`));
}

/** `43<n>[]`: 0 answers the join, any other number a message. */
function takeAck(text: string, ears: Ears, onJoined: () => void): void {
  const bracket = text.indexOf("[");
  const n = Number(text.slice(2, bracket));
  if (n === 0) onJoined();
  else if (text.slice(bracket) === "[]") ears.acked(n);
  else ears.refused(n, text.slice(bracket));
}
