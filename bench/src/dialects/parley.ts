import type { WebSocket } from "ws";
import type { Ears, Endpoint, Member, Place } from "../load/member.ts";
import { dial, hangUp, untilIn } from "./dial.ts";

const ACK = Buffer.from('{"type":"ack"');
const MESSAGE = Buffer.from('{"seq":');

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
    onFrame: (bytes, { enter, fail }) => {
      if (bytes.subarray(0, MESSAGE.length).equals(MESSAGE)) return ears.heard(bytes);
      const frame = JSON.parse(bytes.toString()) as { type: string; code?: string };
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
    onFrame: (bytes, { enter }) => {
      const frame = JSON.parse(bytes.toString()) as { type: string; id?: string; code?: string };
      if (bytes.subarray(0, ACK.length).equals(ACK)) ears.acked(numberOf(frame.id));
      else if (frame.type === "hello") enter();
      else if (frame.type === "error") ears.refused(numberOf(frame.id), String(frame.code));
    },
  });
  return ws;
}
