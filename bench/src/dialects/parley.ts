import { WebSocket } from "ws";
import type { Ears, Endpoint, Member, Place } from "../load/member.ts";

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
      for (const ws of [listening, sending]) end(ws);
    },
  };
}

function roomOf({ room, spreadOver }: Place, n: number): string {
  return spreadOver === undefined ? room : `${room}-${n % spreadOver}`;
}

function end(ws: WebSocket | undefined): void {
  ws?.removeAllListeners("close");
  ws?.terminate();
}

function connect(url: string, { token }: Place, ears: Ears): WebSocket {
  const ws = new WebSocket(url, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  ws.on("error", (error) => ears.dropped(error.message));
  ws.on("close", (code) => ears.dropped(`closed with ${code}`));
  return ws;
}

function listen(url: string, place: Place, ears: Ears): Promise<WebSocket> {
  const ws = connect(url, place, ears);
  return new Promise((resolve, reject) => {
    ws.once("error", reject);
    ws.on("message", (bytes: Buffer) => {
      if (bytes.subarray(0, MESSAGE.length).equals(MESSAGE)) return ears.heard(bytes);
      const frame = JSON.parse(bytes.toString()) as { type: string; code?: string };
      if (frame.type === "caught_up") resolve(ws);
      if (frame.type === "error") ears.dropped(String(frame.code));
    });
  });
}

/** The half that sends. */
export function openSender(url: string, place: Place, ears: Ears): Promise<WebSocket> {
  const ws = connect(url, place, ears);
  const numberOf = (id: unknown) => Number(String(id).split("-")[1]);
  return new Promise((resolve, reject) => {
    ws.once("error", reject);
    ws.on("message", (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as { type: string; id?: string; code?: string };
      if (bytes.subarray(0, ACK.length).equals(ACK)) ears.acked(numberOf(frame.id));
      else if (frame.type === "hello") resolve(ws);
      else if (frame.type === "error") ears.refused(numberOf(frame.id), String(frame.code));
    });
  });
}
