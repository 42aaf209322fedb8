import { connectionOn, dial, type JoinGate, untilJoined } from "@parley/bench/dialects/dial";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "@parley/bench/load/connection";

const ROOM_SID = "1";
const LINE_END = Buffer.from("\r\n");

/**
 * A member of nats-server's own WebSocket, in NATS's text protocol: it publishes into a JetStream stream, whose
 * acknowledgement comes to an inbox of its own, and listens to its room's subject.
 */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const ws = dial(String(endpoint.url));
  const say = (text: string) => ws.send(Buffer.from(text));
  const subject = `room.${spec.room}`;
  const inbox = `_INBOX.${spec.room}.${spec.index}`;
  const hello =
    `CONNECT {"verbose":false,"pedantic":false,"headers":false,"no_responders":false}\r\n` +
    `SUB ${subject} ${ROOM_SID}\r\nSUB ${inbox}.* 2\r\nPING\r\n`;
  const read = createReader({
    onLine: (line, { joined, fail }) => {
      if (line.startsWith("INFO")) say(hello);
      else if (line === "PONG") joined();
      else if (line === "PING") say("PONG\r\n");
      else if (line.startsWith("-ERR")) fail(line);
    },
    onMessage: (to, sid, payload) => {
      if (sid === ROOM_SID) events.received(payload);
      else takeAck(Number(to.slice(inbox.length + 1)), payload.toString(), events);
    },
  });
  await untilJoined(ws, events, { onFrame: read });
  return connectionOn(ws, (n, body) => say(`PUB ${subject} ${inbox}.${n} ${body.length}\r\n${body}\r\n`));
}

function takeAck(n: number, text: string, events: ConnectionEvents): void {
  if (text.includes('"error"')) events.refused(n, text);
  else events.acked(n);
}

type Heard = Readonly<{
  onLine: (line: string, gate: JoinGate) => void;
  onMessage: (subject: string, sid: string, payload: Buffer) => void;
}>;

/** Reads the protocol from frames, in which lines and messages may begin and end anywhere. */
function createReader({ onLine, onMessage }: Heard): (bytes: Buffer, gate: JoinGate) => void {
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
