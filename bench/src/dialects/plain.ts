import { WebSocket } from "ws";
import type { Ears, Endpoint, Member, Place } from "../load/member.ts";

/** A member of the plain `ws` + `pg` server of bench/peers/plain. */
export function openPlain(endpoint: Endpoint, place: Place, ears: Ears): Promise<Member> {
  const ws = new WebSocket(`${endpoint.url}?room=${place.room}`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  ws.on("error", (error) => ears.dropped(error.message));
  ws.on("close", (code) => ears.dropped(`closed with ${code}`));
  const member: Member = {
    send: (n, body) => ws.send(`{"id":${n},"body":"${body}"}`),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    close: () => {
      ws.removeAllListeners("close");
      ws.terminate();
    },
  };
  return new Promise((resolve, reject) => {
    ws.once("error", reject);
    ws.once("open", () => resolve(member));
    ws.on("message", (bytes: Buffer) => {
      // An acknowledgement begins with "ack", a message with "{".
      if (bytes[0] === 0x61) ears.acked(Number(bytes.toString("latin1", 4)));
      else ears.heard(bytes);
    });
  });
}
