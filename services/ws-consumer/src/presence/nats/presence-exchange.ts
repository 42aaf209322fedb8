import type { NatsConnection } from "@nats-io/transport-node";
import { PRESENCE_ASK_SUBJECT, PRESENCE_SUBJECT, TYPING_SUBJECTS } from "@parley/protocol/subjects";
import type { User } from "../../rooms/rules/user.ts";
import type { LocalPresence } from "../local-presence.ts";
import type { OnlineUsers, PresenceUpdate } from "../online-users.ts";
import type { Typing } from "../typing.ts";

/** How long changes gather before they are published, ms. */
const FLUSH_MS = 250;
/** Heartbeat interval, ms: three may be lost before a user counts as gone. */
const HEARTBEAT_MS = 4_000;
const SWEEP_MS = 500;
/** Users per message, so that it stays below the server's size limit. */
const USERS_MAX = 1_000;
const TYPING_PREFIX_LENGTH = TYPING_SUBJECTS.length - 1;

type ExchangeDependencies = Readonly<{
  online: OnlineUsers;
  local: LocalPresence;
  typing: Typing;
  onFault: (error: unknown, what: string) => void;
}>;

const chunks = <T>(list: readonly T[]): (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / USERS_MAX) }, (_, i) =>
    list.slice(i * USERS_MAX, (i + 1) * USERS_MAX),
  );

/** Splits an update into messages of at most `USERS_MAX` users. */
function split({ instance, came, went, alive = [] }: PresenceUpdate): PresenceUpdate[] {
  return [
    ...chunks(came).map((some) => ({ instance, came: some, went: [] })),
    ...chunks(went).map((some) => ({ instance, came: [], went: some })),
    ...chunks(alive).map((some) => ({ instance, came: [], went: [], alive: some })),
  ];
}

/**
 * Exchanges presence with other instances, and receives typing from producers, all by core NATS. Returns a function that
 * stops it.
 */
export function exchangePresence(
  nats: NatsConnection,
  { online, local, typing, onFault }: ExchangeDependencies,
): () => void {
  const publish = (update: PresenceUpdate | undefined) => {
    try {
      for (const part of update ? split(update) : []) nats.publish(PRESENCE_SUBJECT, JSON.stringify(part));
    } catch (error) {
      // The connection is closed. A later heartbeat repairs what is not published now.
      onFault(error, "presence could not be published");
    }
  };
  const receive = (what: string, apply: (subject: string, body: never) => void) => ({
    callback: (error: Error | null, message: { subject: string; json<T>(): T }) => {
      try {
        if (error) throw error;
        apply(message.subject, message.json<never>());
      } catch (fault) {
        onFault(fault, what);
      }
    },
  });
  const subscriptions = [
    nats.subscribe(
      PRESENCE_SUBJECT,
      receive("presence", (_subject, update: PresenceUpdate) => online.apply(update)),
    ),
    nats.subscribe(PRESENCE_ASK_SUBJECT, { callback: () => publish(local.all()) }),
    nats.subscribe(
      TYPING_SUBJECTS,
      receive("typing", (subject, { user, isTyping }: { user: User; isTyping: boolean }) =>
        typing.apply(subject.slice(TYPING_PREFIX_LENGTH), user, isTyping),
      ),
    ),
  ];
  nats.publish(PRESENCE_ASK_SUBJECT);
  const timers = [
    setInterval(() => publish(local.takeChanges()), FLUSH_MS),
    setInterval(() => publish(local.heartbeat()), HEARTBEAT_MS),
    setInterval(() => {
      online.sweep();
      typing.sweep();
    }, SWEEP_MS),
  ];
  return () => {
    publish(local.takeChanges());
    timers.forEach(clearInterval);
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
