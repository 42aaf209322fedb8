import { WebSocket } from "ws";
import type { Ears, Endpoint, Member, Place } from "../load/member.ts";

const ROOM_SID = "1";
const LINE_END = Buffer.from("\r\n");

/**
 * A member of nats-server's own WebSocket, in NATS's text protocol: it publishes into a JetStream stream, whose
 * acknowledgement comes to an inbox of its own, and listens to its room's subject.
 */
export function openNats(endpoint: Endpoint, place: Place, ears: Ears): Promise<Member> {
  const ws = new WebSocket(String(endpoint.url), { perMessageDeflate: false, skipUTF8Validation: true });
  const subject = `room.${place.room}`;
  const inbox = `_INBOX.${place.room}.${place.index}`;
  ws.on("error", (error) => ears.dropped(error.message));
  ws.on("close", (code) => ears.dropped(`closed with ${code}`));
  const member: Member = {
    send: (n, body) => ws.send(Buffer.from(`PUB ${subject} ${inbox}.${n} ${body.length}\r\n${body}\r\n`)),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    close: () => {
      ws.removeAllListeners("close");
      ws.terminate();
    },
  };
  return new Promise((resolve, reject) => {
    ws.once("error", reject);
    const read = createReader({
      onLine: (line) => {
        if (line.startsWith("INFO"))
          ws.send(
            Buffer.from(
              `CONNECT {"verbose":false,"pedantic":false,"headers":false,"no_responders":false}\r\n` +
                `SUB ${subject} ${ROOM_SID}\r\nSUB ${inbox}.* 2\r\nPING\r\n`,
            ),
          );
        else if (line === "PONG") resolve(member);
        else if (line === "PING") ws.send(Buffer.from("PONG\r\n"));
        else if (line.startsWith("-ERR")) ears.dropped(line);
      },
      onMessage: (to, sid, payload) => {
        if (sid === ROOM_SID) ears.heard(payload);
        else takeAck(Number(to.slice(inbox.length + 1)), payload.toString(), ears);
      },
    });
    ws.on("message", read);
  });
}

function takeAck(n: number, text: string, ears: Ears): void {
  if (text.includes('"error"')) ears.refused(n, text);
  else ears.acked(n);
}

type Heard = Readonly<{
  onLine: (line: string) => void;
  onMessage: (subject: string, sid: string, payload: Buffer) => void;
}>;

/** Reads the protocol from frames, in which lines and messages may begin and end anywhere. */
function createReader({ onLine, onMessage }: Heard): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let at = 0;
    for (let end = all.indexOf(LINE_END, at); end !== -1; end = all.indexOf(LINE_END, at)) {
      const line = all.toString("latin1", at, end);
      if (!line.startsWith("MSG ")) {
        onLine(line);
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
