import type { Ears, Endpoint, Member, Place } from "../load/member.ts";
import { dial, eachAlone, type Gate, memberOn, untilIn } from "./dial.ts";

/** The protocol with streams that can be read again, and sessions that can be taken up again. */
const PROTOCOL = "actioncable-v1-ext-json";
/** What is broadcast tells its stream's name and its place there; what answers one's own command does not. */
const STREAM_ID = Buffer.from('"stream_id":');

type Frame = {
  type?: string;
  reason?: string;
  message?: { ack?: number; refused?: number; why?: string };
};

/**
 * A member of a channel of AnyCable (Action Cable's protocol, extended). The application's answer to the command that
 * sent a message is its acknowledgement. Pings are not answered, as AnyCable's client does by default.
 */
export async function openAnyCable(endpoint: Endpoint, place: Place, ears: Ears): Promise<Member> {
  const ws = dial(`${endpoint.url}/cable?user=${place.index}`, { protocol: PROTOCOL });
  const identifier = JSON.stringify(`{"channel":"RoomChannel","room":"${place.room}"}`);
  const subscribe = () => ws.send(`{"command":"subscribe","identifier":${identifier}}`);
  await untilIn(ws, ears, {
    onFrame: eachAlone((bytes, gate) => {
      if (bytes.includes(STREAM_ID)) ears.heard(bytes);
      else takeFrame(JSON.parse(bytes.toString()) as Frame, ears, gate, subscribe);
    }),
  });
  return memberOn(ws, (n, body) => {
    const data = `"{\\"action\\":\\"message\\",\\"id\\":${n},\\"body\\":\\"${body}\\"}"`;
    ws.send(`{"command":"message","identifier":${identifier},"data":${data}}`);
  });
}

function takeFrame({ type, reason, message }: Frame, ears: Ears, gate: Gate, onWelcome: () => void): void {
  if (message?.ack !== undefined) ears.acked(message.ack);
  else if (message?.refused !== undefined) ears.refused(message.refused, String(message.why));
  else if (type === "welcome") onWelcome();
  else if (type === "confirm_subscription") gate.enter();
  else if (type === "reject_subscription" || type === "disconnect") gate.fail(`${type} ${reason ?? ""}`);
}
