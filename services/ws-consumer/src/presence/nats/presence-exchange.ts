import type { NatsConnection } from "@nats-io/transport-node";
import { PRESENCE_ASK_SUBJECT, PRESENCE_SUBJECT, TYPING_SUBJECTS } from "@parley/protocol/subjects";
import type { LocalPresence } from "../local-presence.ts";
import type { PresenceBoard, PresenceNews } from "../presence-board.ts";
import type { Person, Typing } from "../typing.ts";

/** How long changes gather before they are told, ms. */
const FLUSH_MS = 250;
/** How often those who are still there are told of, ms: three may be lost before they count as gone. */
const ALIVE_MS = 4_000;
const SWEEP_MS = 500;
/** People in one message at most, so that it fits into what NATS takes. */
const PEOPLE_MAX = 1_000;
const TYPING_PREFIX_LENGTH = TYPING_SUBJECTS.length - 1;

type Parts = Readonly<{
  board: PresenceBoard;
  local: LocalPresence;
  typing: Typing;
  onFault: (error: unknown, what: string) => void;
}>;

const pieces = <T>(list: readonly T[]): (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / PEOPLE_MAX) }, (_, i) =>
    list.slice(i * PEOPLE_MAX, (i + 1) * PEOPLE_MAX),
  );

/** The same news in messages of a size that NATS takes. */
function split({ instance, came, went, alive = [] }: PresenceNews): PresenceNews[] {
  return [
    ...pieces(came).map((some) => ({ instance, came: some, went: [] })),
    ...pieces(went).map((some) => ({ instance, came: [], went: some })),
    ...pieces(alive).map((some) => ({ instance, came: [], went: [], alive: some })),
  ];
}

/** Tells the other instances who is here, and hears from them and from producers. Returns what ends it. */
export function exchangePresence(nats: NatsConnection, { board, local, typing, onFault }: Parts): () => void {
  const publish = (news: PresenceNews | undefined) => {
    try {
      for (const piece of news ? split(news) : []) nats.publish(PRESENCE_SUBJECT, JSON.stringify(piece));
    } catch (error) {
      // The connection is closed. What is not told now, the next message of those who are alive repairs.
      onFault(error, "presence could not be told");
    }
  };
  const heard = (what: string, take: (subject: string, body: never) => void) => ({
    callback: (error: Error | null, message: { subject: string; json<T>(): T }) => {
      try {
        if (error) throw error;
        take(message.subject, message.json<never>());
      } catch (fault) {
        onFault(fault, what);
      }
    },
  });
  const subscriptions = [
    nats.subscribe(
      PRESENCE_SUBJECT,
      heard("presence", (_subject, news: PresenceNews) => board.hear(news)),
    ),
    nats.subscribe(PRESENCE_ASK_SUBJECT, { callback: () => publish(local.all()) }),
    nats.subscribe(
      TYPING_SUBJECTS,
      heard("typing", (subject, { user, isTyping }: { user: Person; isTyping: boolean }) =>
        typing.hear(subject.slice(TYPING_PREFIX_LENGTH), user, isTyping),
      ),
    ),
  ];
  nats.publish(PRESENCE_ASK_SUBJECT);
  const timers = [
    setInterval(() => publish(local.takeNews()), FLUSH_MS),
    setInterval(() => publish(local.alive()), ALIVE_MS),
    setInterval(() => {
      board.sweep();
      typing.sweep();
    }, SWEEP_MS),
  ];
  return () => {
    publish(local.takeNews());
    timers.forEach(clearInterval);
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
