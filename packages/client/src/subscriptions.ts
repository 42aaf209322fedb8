import type { Connection } from "./connection.ts";
import { errorOf, ParleyError } from "./error.ts";
import type { Frame, Hello, RoomEvent, Subscribed } from "./frames.ts";
import { createId } from "./ids.ts";
import { type Reader, Subscription } from "./subscription.ts";
import type { Timers } from "./timers.ts";
import type { Release } from "./types.ts";

/** The user's own room: servers tell of it without being asked. */
export const ME = "@me";
/** How long a room is listened to after nobody wants it any more, ms. */
export const LINGER_MS = 250;
/** Pause before a room is asked for again after a hole or a refusal, ms. */
const AGAIN_MS = 1_000;
/** Rooms in one `resume` where the server tells no limit. */
const ROOMS_PER_RESUME = 150;

/** Which rooms are listened to, from where, and who reads them. Each reader gets each event once and in order. */
export interface Subscriptions {
  /** Adds a reader. Those who are at the place of the others hear what they hear; else the room is asked for again. */
  add(room: string, reader: Reader): Release;
  /** Asks for a room again, from where its readers are. */
  again(room: string): void;
  online(hello: Hello): void;
  offline(): void;
  take(frame: Frame): void;
  /** Nothing will be heard: tells all readers why. */
  fail(error: ParleyError): void;
}

/** Makes the subscriptions of a client; they last over the connections to the service. */
export function createSubscriptions(
  connection: Pick<Connection, "send" | "phase">,
  timers: Timers,
): Subscriptions {
  const subs = new Map<string, Subscription>();
  let isFlushing = false;
  let roomsPerResume = ROOMS_PER_RESUME;

  const want = (sub: Subscription) => {
    sub.stopAgain();
    sub.state = "wanted";
    if (!isFlushing) queueMicrotask(flush);
    isFlushing = true;
  };
  const later = (sub: Subscription, ms = AGAIN_MS) => {
    sub.stopAgain();
    sub.stopAgain = timers.after(ms, () => want(sub));
  };
  const flush = () => {
    isFlushing = false;
    if (connection.phase !== "online") return;
    const wanted = [...subs.values()].filter((sub) => sub.state === "wanted" && sub.readers.size > 0);
    askFor(wanted, roomsPerResume, (frame) => connection.send(frame));
  };
  const tell = ({ readers }: Subscription, error: ParleyError) => {
    for (const reader of [...readers]) reader.error(error);
  };
  const refuse = (sub: Subscription, error: ParleyError) => {
    sub.state = "refused";
    if (error.isRetryable) later(sub, error.retryAfterMs);
    else tell(sub, error);
  };
  const pass = (sub: Subscription, frame: Frame) => {
    const { type, seq } = frame;
    if (type === "subscribed") {
      if (sub.subscribed(frame as unknown as Subscribed)) want(sub);
    } else if (type === "unsubscribed" && sub.state === "on") refuse(sub, new ParleyError("not_a_member"));
    else if (type === "caught_up") sub.caughtUp(Number(seq));
    else if (frame.at && !sub.pass(frame as unknown as RoomEvent)) later(sub);
  };
  const end = (sub: Subscription) => {
    sub.stopAgain();
    subs.delete(sub.room);
    if (sub.state === "on" || sub.state === "asked") connection.send({ type: "unsubscribe", room: sub.room });
  };

  return {
    add(room, reader) {
      const sub = subs.get(room) ?? new Subscription(room);
      subs.set(room, sub);
      sub.stopLinger();
      const isThere = sub.isAt(reader.cursor);
      sub.readers.add(reader);
      if (isThere) reader.caughtUp(reader.cursor as number);
      else want(sub);
      return () => {
        if (sub.readers.delete(reader) && sub.readers.size === 0)
          sub.stopLinger = timers.after(LINGER_MS, () => end(sub));
      };
    },
    again(room) {
      const sub = subs.get(room);
      if (sub) want(sub);
    },
    online({ limits }) {
      roomsPerResume = limits.roomsPerResume || ROOMS_PER_RESUME;
      for (const sub of subs.values()) want(sub);
    },
    offline() {
      for (const sub of subs.values()) sub.offline();
    },
    take(frame) {
      const { type, room = "" } = frame;
      if (type === "error")
        for (const one of subs.values()) if (one.isRefusedBy(frame)) refuse(one, errorOf(frame));
      const sub = subs.get(room);
      if (sub) pass(sub, frame);
    },
    fail(error) {
      for (const sub of subs.values()) tell(sub, error);
    },
  };
}

/** Asks for rooms: those with a place by `resume`, `max` in a frame, the others by `subscribe`. */
function askFor(wanted: readonly Subscription[], max: number, send: (frame: object) => void): void {
  const known: Subscription[] = [];
  for (const sub of wanted) {
    sub.ask(createId());
    if (sub.after !== undefined) known.push(sub);
    else send({ type: "subscribe", id: sub.id, room: sub.room });
  }
  while (known.length > 0) {
    const id = createId();
    const part = known.splice(0, max);
    for (const sub of part) sub.id = id;
    send({ type: "resume", id, rooms: Object.fromEntries(part.map(({ room, after }) => [room, after])) });
  }
}
