import { connectionOn, dial, type JoinGate, untilJoined } from "@parley/bench/dialects/dial";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "@parley/bench/load/connection";

const NEWLINE = 0x0a;
const PING = "{}";
/** `{"push":` has it where an answer, `{"id":`, has an "i". */
const PUSH_LETTER = 0x70;
/** Of a body; a push may also say something else, for instance that the server has unsubscribed the client. */
const TILDE = 0x7e;
/** A command has a number that its answer carries: these two, and behind them a message's own plus `LAST_GREETING`. */
const CONNECT = 1;
const SUBSCRIBE = 2;
const LAST_GREETING = SUBSCRIBE;

/**
 * A member of Centrifugo over its two-way WebSocket, in the JSON form of its protocol: a frame holds any number of
 * commands or answers, one a line. A message is acknowledged by the answer to its `publish` command, which Centrifugo
 * gives once the application behind its publish proxy has stored it and it is published.
 */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const ws = dial(`${endpoint.url}/connection/websocket`);
  const channel = `room:${spec.room}`;
  const take = (line: string, gate: JoinGate) => {
    if (line === PING) ws.send(PING);
    else takeAnswer(line, events, gate);
  };
  await untilJoined(ws, events, {
    // In one frame, as Centrifugo's own client for JavaScript has them.
    onOpen: () =>
      ws.send(
        `{"id":${CONNECT},"connect":{"token":"${spec.token}"}}\n` +
          `{"id":${SUBSCRIBE},"subscribe":{"channel":"${channel}"}}`,
      ),
    onFrame: (bytes, gate) => {
      for (const line of linesOf(bytes)) {
        if (isPublication(line)) events.received(line);
        else take(line.toString(), gate);
      }
    },
  });
  return connectionOn(ws, (n, body) =>
    ws.send(`{"id":${n + LAST_GREETING},"publish":{"channel":"${channel}","data":{"body":"${body}"}}}`),
  );
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
    if (end > from) yield bytes.subarray(from, end);
    from = end + 1;
  }
  if (from < bytes.length) yield from === 0 ? bytes : bytes.subarray(from);
}

const isPublication = (line: Buffer): boolean => line[2] === PUSH_LETTER && line.includes(TILDE);

function takeAnswer(line: string, events: ConnectionEvents, gate: JoinGate): void {
  const id = Number(/^\{"id":(\d+)/.exec(line)?.[1] ?? 0);
  const isError = line.startsWith(`{"id":${id},"error"`);
  if (id > LAST_GREETING && isError) events.refused(id - LAST_GREETING, line);
  else if (id > LAST_GREETING) events.acked(id - LAST_GREETING);
  else if (id === 0 || isError) gate.fail(line);
  else if (id === SUBSCRIBE) gate.joined();
}
