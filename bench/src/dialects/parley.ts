import type { WebSocket } from "ws";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "../load/connection.ts";
import { dial, terminate, untilJoined } from "./dial.ts";

const ACK = '{"type":"ack","id":"';
const MESSAGE = '{"seq":';

type Control = Readonly<{ type: string; id?: string; code?: string }>;

/** Whether a frame begins with this ASCII text; parsing every frame would cost the driver more than all else. */
const startsWith = (frame: Buffer, text: string): boolean =>
  frame.toString("latin1", 0, text.length) === text;
/** A message's id is `<member>-<n>`. */
const numberOf = (id: unknown) => Number(String(id).split("-")[1]);

/** Opens a member of Parley: one socket to send, one to listen. */
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
    send: (n, body) => sending?.send(messageFrame(spec, n, body)),
    close: () => {
      for (const ws of [listening, sending]) if (ws !== undefined) terminate(ws);
    },
  };
}

/** The frame of a member's n-th message. */
function messageFrame({ index, room, spreadOver }: MemberSpec, n: number, body: string): string {
  const target = spreadOver === undefined ? room : `${room}-${n % spreadOver}`;
  return `{"type":"message","id":"${index}-${n}","room":"${target}","body":"${body}"}`;
}

/** The header that authenticates a member. */
const bearer = ({ token }: MemberSpec) => ({ headers: { authorization: `Bearer ${token}` } });

async function listen(url: string, spec: MemberSpec, events: ConnectionEvents): Promise<WebSocket> {
  const ws = dial(url, bearer(spec));
  await untilJoined(ws, events, {
    onFrame: (frame, { joined, fail }) => {
      if (startsWith(frame, MESSAGE)) return events.received(frame);
      const { type, code } = JSON.parse(frame.toString()) as Control;
      if (type === "caught_up") joined();
      if (type === "error") fail(String(code));
    },
  });
  return ws;
}

/** Opens the sending half of a member. */
async function openSender(url: string, spec: MemberSpec, events: ConnectionEvents): Promise<WebSocket> {
  const ws = dial(url, bearer(spec));
  await untilJoined(ws, events, {
    onFrame: (frame, { joined }) => {
      if (startsWith(frame, ACK)) {
        const text = frame.toString("latin1", ACK.length, ACK.length + 40);
        return events.acked(Number.parseInt(text.slice(text.indexOf("-") + 1), 10));
      }
      const { type, id, code } = JSON.parse(frame.toString()) as Control;
      if (type === "hello") joined();
      else if (type === "error") events.refused(numberOf(id), String(code));
    },
  });
  return ws;
}
