import { connectionOn, dial, type JoinGate, untilJoined } from "@parley/bench/dialects/dial";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "@parley/bench/load/connection";

/** The protocol with streams that can be read again, and sessions that can be taken up again. */
const PROTOCOL = "actioncable-v1-ext-json";
/** What is broadcast tells its stream's name and its spec there; what answers one's own command does not. */
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
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const ws = dial(`${endpoint.url}/cable?user=${spec.index}`, { protocol: PROTOCOL });
  const identifier = JSON.stringify(`{"channel":"RoomChannel","room":"${spec.room}"}`);
  const subscribe = () => ws.send(`{"command":"subscribe","identifier":${identifier}}`);
  await untilJoined(ws, events, {
    onFrame: (bytes, gate) => {
      if (bytes.includes(STREAM_ID)) events.received(bytes);
      else takeFrame(JSON.parse(bytes.toString()) as Frame, events, gate, subscribe);
    },
  });
  return connectionOn(ws, (n, body) => {
    const data = `"{\\"action\\":\\"message\\",\\"id\\":${n},\\"body\\":\\"${body}\\"}"`;
    ws.send(`{"command":"message","identifier":${identifier},"data":${data}}`);
  });
}

function takeFrame(
  { type, reason, message }: Frame,
  events: ConnectionEvents,
  gate: JoinGate,
  onWelcome: () => void,
): void {
  if (message?.ack !== undefined) events.acked(message.ack);
  else if (message?.refused !== undefined) events.refused(message.refused, String(message.why));
  else if (type === "welcome") onWelcome();
  else if (type === "confirm_subscription") gate.joined();
  else if (type === "reject_subscription" || type === "disconnect") gate.fail(`${type} ${reason ?? ""}`);
}
