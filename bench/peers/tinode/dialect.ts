import { connectionOn, dial, untilJoined } from "@parley/bench/dialects/dial";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "@parley/bench/load/connection";

/** What a member may do in its room: join, read, write. Without `P` nobody is told who comes and goes. */
export const MEMBER_MODE = "JRW";
export const HELLO = '{"hi":{"id":"hi","ver":"0.22","ua":"bench"}}';
const JOIN_ID = "join";
/** The third byte tells `{"data":` from `{"ctrl":`, `{"pres":`, `{"info":` and `{"meta":`. */
const DATA = 0x64;
const CTRL = 0x63;
const ACCEPTED = 202;
/** The codes of errors begin here, as those of HTTP. */
export const ERROR_FROM = 400;

/** Names of topics by the room's address; asked for once by each process of the load generator. */
const topics = new Map<string, Promise<string>>();

/**
 * A member of a Tinode group topic over its WebSocket, in JSON. Tinode names topics itself, so that the room's name is
 * looked up at the target (`endpoint.rooms`) first, which costs Tinode nothing once the room is there. The
 * acknowledgement is `{ctrl code:202}`, which Tinode sends once the message is stored.
 */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const topic = await topicOf(`${endpoint.rooms}/${spec.room}`);
  const ws = dial(String(endpoint.url));
  const login = `{"login":{"id":"login","scheme":"token","secret":"${spec.token}"}}`;
  const join = `{"sub":{"id":"${JOIN_ID}","topic":"${topic}","set":{"sub":{"mode":"${MEMBER_MODE}"}}}}`;
  await untilJoined(ws, events, {
    // A session takes its requests one after the other, so that none has to wait for an answer.
    onOpen: () => [HELLO, login, join].forEach((frame) => void ws.send(frame)),
    onFrame: (bytes, { joined, fail }) => {
      if (bytes[2] === DATA) return events.received(bytes);
      if (bytes[2] !== CTRL) return;
      const text = bytes.toString();
      const { id, code } = readCtrl(text);
      const n = Number(id);
      if (n > 0) code === ACCEPTED ? events.acked(n) : events.refused(n, reasonOf(text));
      else if (code >= ERROR_FROM) fail(reasonOf(text));
      else if (id === JOIN_ID) joined();
    },
  });
  return connectionOn(ws, (n, body) =>
    ws.send(`{"pub":{"id":"${n}","topic":"${topic}","content":"${body}"}}`),
  );
}

function topicOf(address: string): Promise<string> {
  let topic = topics.get(address);
  if (topic === undefined) {
    topic = lookUp(address);
    topics.set(address, topic);
  }
  return topic;
}

async function lookUp(address: string): Promise<string> {
  const answer = await fetch(address);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`there is no topic for ${address}: ${text}`);
  return text;
}

/** The id comes first, if there is one, and the code before the text and the time. */
function readCtrl(text: string): { id: string; code: number } {
  return {
    id: /^\{"ctrl":\{"id":"(\w+)"/.exec(text)?.[1] ?? "",
    code: Number(/"code":(\d+)/.exec(text)?.[1]),
  };
}

const reasonOf = (text: string): string => /"code":\d+,"text":"[^"]*"/.exec(text)?.[0] ?? text;
