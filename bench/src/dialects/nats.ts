import type { Ears, Endpoint, Member, Place } from "../load/member.ts";
import { dial, eachAlone, type Gate, memberOn, untilIn } from "./dial.ts";

const ROOM_SID = "1";
const LINE_END = Buffer.from("\r\n");

/**
 * A member of nats-server's own WebSocket, in NATS's text protocol: it publishes into a JetStream stream, whose
 * acknowledgement comes to an inbox of its own, and listens to its room's subject.
 */
export async function openNats(endpoint: Endpoint, place: Place, ears: Ears): Promise<Member> {
  const ws = dial(String(endpoint.url));
  const say = (text: string) => ws.send(Buffer.from(text));
  const subject = `room.${place.room}`;
  const inbox = `_INBOX.${place.room}.${place.index}`;
  const hello =
    `CONNECT {"verbose":false,"pedantic":false,"headers":false,"no_responders":false}\r\n` +
    `SUB ${subject} ${ROOM_SID}\r\nSUB ${inbox}.* 2\r\nPING\r\n`;
  const read = createReader({
    onLine: (line, { enter, fail }) => {
      if (line.startsWith("INFO")) say(hello);
      else if (line === "PONG") enter();
      else if (line === "PING") say("PONG\r\n");
      else if (line.startsWith("-ERR")) fail(line);
    },
    onMessage: (to, sid, payload) => {
      if (sid === ROOM_SID) ears.heard(payload);
      else takeAck(Number(to.slice(inbox.length + 1)), payload.toString(), ears);
    },
  });
  await untilIn(ws, ears, { onFrame: eachAlone(read) });
  return memberOn(ws, (n, body) => say(`PUB ${subject} ${inbox}.${n} ${body.length}\r\n${body}\r\n`));
}

function takeAck(n: number, text: string, ears: Ears): void {
  if (text.includes('"error"')) ears.refused(n, text);
  else ears.acked(n);
}

type Heard = Readonly<{
  onLine: (line: string, gate: Gate) => void;
  onMessage: (subject: string, sid: string, payload: Buffer) => void;
}>;

/** Reads the protocol from frames, in which lines and messages may begin and end anywhere. */
function createReader({ onLine, onMessage }: Heard): (bytes: Buffer, gate: Gate) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes, gate) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let at = 0;
    for (let end = all.indexOf(LINE_END, at); end !== -1; end = all.indexOf(LINE_END, at)) {
      const line = all.toString("latin1", at, end);
      if (!line.startsWith("MSG ")) {
        onLine(line, gate);
        at = end + 2;
        continue;
      }
      const words = line.split(" ");
      const from = end + 2;
      const to = from + Number(words.at(-1));
      if (to + 2 > all.length) break;
      onMessage(words[1] ?? "", words[2] ?? "", all.subarray(from, to));
      at = to + 2;
    }
    rest = all.subarray(at);
  };
}
