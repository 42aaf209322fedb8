import type { WebSocket } from "ws";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "../load/connection.ts";
import { dial, terminate, untilJoined } from "./dial.ts";

const ACK = Buffer.from('{"type":"ack","id":"');
const MESSAGE = Buffer.from('{"seq":');
const QUOTE = 0x22;
const HYPHEN = 0x2d;
const ZERO = 0x30;

/** Whether these bytes are there; a view of them to compare would cost more than all else that is done here. */
function isAt(bytes: Buffer, at: number, prefix: Buffer): boolean {
  for (let i = 0; i < prefix.length; i += 1) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

/** The n of the id `<member>-<n>`, which begins at `at`. */
function numberIn(ack: Buffer, at: number): number {
  let n = 0;
  for (let i = ack.indexOf(HYPHEN, at) + 1; i < ack.length && ack[i] !== QUOTE; i += 1)
    n = n * 10 + (ack[i] as number) - ZERO;
  return n;
}

/** A member of Parley: one socket to send on, one to listen on. */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const listening = spec.listens
    ? await listen(`${endpoint.consumer}?room=${spec.room}`, spec, events)
    : undefined;
  const sending = spec.sends ? await openSender(String(endpoint.producer), spec, events) : undefined;
  return {
    send: (n, body) =>
      sending?.send(
        `{"type":"message","id":"${spec.index}-${n}","room":"${roomOf(spec, n)}","body":"${body}"}`,
      ),
    pause: () => listening?.pause(),
    resume: () => listening?.resume(),
    close: () => {
      for (const ws of [listening, sending]) if (ws !== undefined) terminate(ws);
    },
  };
}

function roomOf({ room, spreadOver }: MemberSpec, n: number): string {
  return spreadOver === undefined ? room : `${room}-${n % spreadOver}`;
}

/** With what a member shows who it is. */
export const bearer = ({ token }: MemberSpec) => ({ headers: { authorization: `Bearer ${token}` } });

async function listen(url: string, spec: MemberSpec, events: ConnectionEvents): Promise<WebSocket> {
  const ws = dial(url, bearer(spec));
  await untilJoined(ws, events, {
    onFrame: (bytes, { joined, fail }, from, to) => {
      if (isAt(bytes, from, MESSAGE)) return events.received(bytes, from, to);
      const frame = JSON.parse(bytes.toString("utf8", from, to)) as { type: string; code?: string };
      if (frame.type === "caught_up") joined();
      if (frame.type === "error") fail(String(frame.code));
    },
  });
  return ws;
}

/** The half that sends. */
export async function openSender(
  url: string,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<WebSocket> {
  const ws = dial(url, bearer(spec));
  const numberOf = (id: unknown) => Number(String(id).split("-")[1]);
  await untilJoined(ws, events, {
    onFrame: (bytes, { joined }, from, to) => {
      if (isAt(bytes, from, ACK)) return events.acked(numberIn(bytes, from + ACK.length));
      const frame = JSON.parse(bytes.toString("utf8", from, to)) as {
        type: string;
        id?: string;
        code?: string;
      };
      if (frame.type === "hello") joined();
      else if (frame.type === "error") events.refused(numberOf(frame.id), String(frame.code));
    },
  });
  return ws;
}
