import type { Ears, Endpoint, Member, Place } from "../load/member.ts";
import { dial, memberOn, untilIn } from "./dial.ts";

const ACK_FIRST_BYTE = 0x61;

/** A member of the plain `ws` + `pg` server of bench/peers/plain. */
export async function openPlain(endpoint: Endpoint, place: Place, ears: Ears): Promise<Member> {
  const ws = dial(`${endpoint.url}?room=${place.room}`);
  await untilIn(ws, ears, {
    onOpen: ({ enter }) => enter(),
    onFrame: (bytes, _gate, from, to) => {
      // An acknowledgement is "ack <n>", a message begins with "{".
      if (bytes[from] === ACK_FIRST_BYTE) ears.acked(Number(bytes.toString("latin1", from + 4, to)));
      else ears.heard(bytes, from, to);
    },
  });
  return memberOn(ws, (n, body) => ws.send(`{"id":${n},"body":"${body}"}`));
}
