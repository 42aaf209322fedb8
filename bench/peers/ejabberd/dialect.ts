import { randomBytes } from "node:crypto";
import { connectionOn, dial, untilJoined } from "@parley/bench/dialects/dial";
import type { Connection, ConnectionEvents, Endpoint, MemberSpec } from "@parley/bench/load/connection";

const TRIES_MAX = 3;
const HOST = "localhost";
const OPEN = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${HOST}" version="1.0"/>`;
const AUTH = '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>';
const BIND = '<iq type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>';
const MUC = '<x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x>';
/** The room's archive puts it in. */
const STANZA_ID = Buffer.from("<stanza-id ");
const STATUS_SELF = "code='110'";
const MESSAGE = Buffer.from("<message");
const ERRORS = /type='error'|<failure|<stream:error/;
const ERROR = Buffer.from(" type='error'");

/**
 * A member of an XMPP room (MUC) over ejabberd's WebSocket (RFC 7395: a stanza is a frame). A room acknowledges nothing
 * by itself: it waits for the insert of its archive and then reflects the message to all, the sender too. So the
 * acknowledgement is one's own message with the archive's `stanza-id`. It says less than elsewhere: where Postgres
 * refuses the insert, ejabberd 23.01 logs that and reflects the message all the same, `stanza-id` included; the run's
 * `storedMinusAcked` would show it.
 */
export async function openConnection(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await enterRoom(endpoint, spec, events);
    } catch (error) {
      // About one connection of 20,000 is closed before a word was said; a client would dial again, too.
      events.count(String(error));
      if (tries === TRIES_MAX) throw error;
    }
  }
}

async function enterRoom(
  endpoint: Endpoint,
  spec: MemberSpec,
  events: ConnectionEvents,
): Promise<Connection> {
  const ws = dial(`${endpoint.url}/ws`, { protocol: "xmpp" });
  const room = `${spec.room}@conference.${HOST}`;
  // New with every connection: a room refuses a name whose former owner it has not seen leave yet.
  const nick = `m${spec.index}-${randomBytes(4).toString("hex")}`;
  const own = Buffer.from(`/${nick}'`);
  const answer = createJoin((text) => ws.send(text), `<presence to="${room}/${nick}">${MUC}</presence>`);
  await untilJoined(ws, events, {
    onOpen: () => ws.send(OPEN),
    onFrame: (bytes, { joined, fail }) => {
      if (isMessage(bytes)) return takeMessage(bytes, own, events);
      const text = bytes.toString();
      if (text.startsWith("<presence") && text.includes(STATUS_SELF)) joined();
      else if (ERRORS.test(text)) fail(text);
      else answer(text);
    },
  });
  return connectionOn(ws, (n, body) =>
    ws.send(`<message to="${room}" type="groupchat" id="${n}"><body>${body}</body></message>`),
  );
}

const isMessage = (bytes: Buffer): boolean =>
  bytes.compare(MESSAGE, 0, MESSAGE.length, 0, MESSAGE.length) === 0;

function takeMessage(bytes: Buffer, own: Buffer, events: ConnectionEvents): void {
  const isOwn = bytes.includes(own);
  const isError = !isOwn && bytes.includes(ERROR);
  if (!isError) events.received(bytes);
  if (!isError && !isOwn) return;
  // The first id of the text is the stanza's own, which the room keeps.
  const n = Number(/ id='(\d+)'/.exec(bytes.toString("latin1"))?.[1]);
  if (isOwn && bytes.includes(STANZA_ID)) events.acked(n);
  else events.refused(n, isOwn ? "delivered, but not archived" : bytes.toString());
}

/** Answers what the server says until the member is in its room. */
function createJoin(send: (text: string) => void, presence: string): (text: string) => void {
  return (text) => {
    if (text.includes("<mechanism>")) send(AUTH);
    else if (text.startsWith("<success")) send(OPEN);
    else if (text.includes("urn:ietf:params:xml:ns:xmpp-bind") && text.includes("features")) send(BIND);
    else if (text.startsWith("<iq") && text.includes("id='bind'")) send(presence);
  };
}
