import type { WebSocket } from "ws";
import type { Ears, Endpoint, Member, Place } from "../load/member.ts";
import { dial, hangUp, untilIn } from "./dial.ts";

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
export async function openParley(endpoint: Endpoint, place: Place, ears: Ears): Promise<Member> {
  const listening = place.listens
    ? await listen(`${endpoint.consumer}?room=${place.room}`, place, ears)
    : undefined;
  const sending = place.sends ? await openSender(String(endpoint.producer), place, ears) : undefined;
  return {
    send: (n, body) =>
      sending?.send(
        `{"type":"message","id":"${place.index}-${n}","room":"${roomOf(place, n)}","body":"${body}"}`,
      ),
    pause: () => listening?.pause(),
    resume: () => listening?.resume(),
    close: () => {
      for (const ws of [listening, sending]) if (ws !== undefined) hangUp(ws);
    },
  };
}

function roomOf({ room, spreadOver }: Place, n: number): string {
  return spreadOver === undefined ? room : `${room}-${n % spreadOver}`;
}

/** With what a member shows who it is. */
export const bearer = ({ token }: Place) => ({ headers: { authorization: `Bearer ${token}` } });

async function listen(url: string, place: Place, ears: Ears): Promise<WebSocket> {
  const ws = dial(url, bearer(place));
  await untilIn(ws, ears, {
    onFrame: (bytes, { enter, fail }, from, to) => {
      if (isAt(bytes, from, MESSAGE)) return ears.heard(bytes, from, to);
      const frame = JSON.parse(bytes.toString("utf8", from, to)) as { type: string; code?: string };
      if (frame.type === "caught_up") enter();
      if (frame.type === "error") fail(String(frame.code));
    },
  });
  return ws;
}

/** The half that sends. */
export async function openSender(url: string, place: Place, ears: Ears): Promise<WebSocket> {
  const ws = dial(url, bearer(place));
  const numberOf = (id: unknown) => Number(String(id).split("-")[1]);
  await untilIn(ws, ears, {
    onFrame: (bytes, { enter }, from, to) => {
      if (isAt(bytes, from, ACK)) return ears.acked(numberIn(bytes, from + ACK.length));
      const frame = JSON.parse(bytes.toString("utf8", from, to)) as {
        type: string;
        id?: string;
        code?: string;
      };
      if (frame.type === "hello") enter();
      else if (frame.type === "error") ears.refused(numberOf(frame.id), String(frame.code));
    },
  });
  return ws;
}
