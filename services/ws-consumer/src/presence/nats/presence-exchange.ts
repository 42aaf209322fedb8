import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { PRESENCE_ASK_SUBJECT, PRESENCE_SUBJECT, TYPING_SUBJECTS } from "@parley/protocol/subjects";
import { listen } from "@parley/runtime/listen";
import type { User } from "../../rooms/rules/user.ts";
import type { InstancePresence } from "../create-presence.ts";
import type { UserChange } from "../online-users.ts";
import { OtherInstances, type PresenceMessage } from "../other-instances.ts";

/** Heartbeat interval, ms: five may be missing before an instance counts as gone. */
const HEARTBEAT_MS = 1_000;
/** How long requests for the state gather before they are answered together, ms. */
const ANSWER_MS = 50;
/** Characters of one message: at most a third of the server's size limit also if each takes three bytes. */
const MESSAGE_CHARS_MAX = 100_000;
/** Rooms of one user in one message, at most 64 characters each. */
const ROOMS_MAX = 1_000;
const TYPING_PREFIX_LENGTH = TYPING_SUBJECTS.length - 1;

/**
 * Exchanges presence with other instances, and receives typing from producers, all by core NATS. Returns a function that
 * stops it.
 */
export function exchangePresence(
  nats: NatsConnection,
  { online, local, typing, instance, forwardTo }: InstancePresence,
  onFault: (error: unknown, what: string) => void,
): () => void {
  const publisher = new StatePublisher(nats, instance, () => local.all(), onFault);
  const ask = (of?: string) => publisher.publish(PRESENCE_ASK_SUBJECT, { of });
  const others = new OtherInstances(online, ask, () => performance.now());
  const own = headOf(instance);
  const receive = (message: Msg) => {
    const text = message.string();
    if (!text.startsWith(own)) others.receive(JSON.parse(text) as PresenceMessage);
    else if (!text.includes(",", own.length)) others.countSilence();
  };
  const stops = [
    listen(nats, PRESENCE_SUBJECT, receive, onFault),
    listen(
      nats,
      PRESENCE_ASK_SUBJECT,
      (message) => {
        const { of } = message.json<{ of?: string }>();
        if (of === undefined || of === instance) publisher.answer();
      },
      onFault,
    ),
    listen(
      nats,
      TYPING_SUBJECTS,
      (message) => {
        const { user, isTyping } = message.json<{ user: User; isTyping: boolean }>();
        typing.apply(message.subject.slice(TYPING_PREFIX_LENGTH), user, isTyping);
      },
      onFault,
    ),
  ];
  forwardTo((change) => publisher.add(change));
  ask();
  return () => {
    publisher.close();
    for (const stop of stops) stop();
  };
}

/** How the messages of an instance begin, up to their version: its own are known by it, and not parsed. */
const headOf = (instance: string): string => `{"from":${JSON.stringify(instance)},"version":`;

/** Publishes the state of this instance: changes as they come, its version every second, and all of it when asked. */
class StatePublisher {
  readonly #nats: NatsConnection;
  readonly #instance: string;
  readonly #all: () => readonly UserChange[];
  readonly #onFault: (error: unknown, what: string) => void;
  readonly #timer = setInterval(() => this.#heartbeat(), HEARTBEAT_MS);
  #answerTimer: NodeJS.Timeout | undefined;
  #changes: UserChange[] = [];
  #version = 0;
  #isConnected = true;

  constructor(
    nats: NatsConnection,
    instance: string,
    all: () => readonly UserChange[],
    onFault: (error: unknown, what: string) => void,
  ) {
    this.#nats = nats;
    this.#instance = instance;
    this.#all = all;
    this.#onFault = onFault;
    void this.#followConnection();
  }

  /** Publishes a change together with the others of this turn of the event loop. */
  add(change: UserChange): void {
    if (this.#changes.push(change) === 1) setImmediate(() => this.#flush());
  }

  /** Publishes the whole state soon. */
  answer(): void {
    this.#answerTimer ??= setTimeout(() => {
      this.#answerTimer = undefined;
      this.#flush();
      const parts = piecesOf(this.#all());
      parts.forEach((users, part) => {
        this.#say(`,"part":${part},"parts":${parts.length},"users":[${users}]`);
      });
    }, ANSWER_MS);
  }

  publish(subject: string, payload: object | string): void {
    // What the client would buffer while it is not connected is lost or late anyway; the next version shows it.
    if (!this.#isConnected) return;
    try {
      this.#nats.publish(subject, typeof payload === "string" ? payload : JSON.stringify(payload));
    } catch (error) {
      this.#onFault(error, "presence could not be published");
    }
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#answerTimer);
    this.#flush();
    if (!this.#nats.isClosed()) this.#say(`,"isEnding":true`);
  }

  #flush(): void {
    const changes = this.#changes;
    this.#changes = [];
    for (const piece of changes.length === 0 ? [] : piecesOf(changes)) {
      this.#version += 1;
      this.#say(`,"changes":[${piece}]`);
    }
  }

  #heartbeat(): void {
    this.#flush();
    this.#say("");
  }

  #say(fields: string): void {
    this.publish(PRESENCE_SUBJECT, `${headOf(this.#instance)}${this.#version}${fields}}`);
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#nats.status()) {
      if (type === "disconnect") this.#isConnected = false;
      if (type !== "reconnect") continue;
      this.#isConnected = true;
      this.#heartbeat();
    }
  }
}

/** The changes as JSON texts of at most `MESSAGE_CHARS_MAX`, without the brackets; at least one, which may be empty. */
function piecesOf(changes: readonly UserChange[]): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const text of changes.flatMap(itemsOf)) {
    if (piece !== "" && piece.length + text.length > MESSAGE_CHARS_MAX) {
      pieces.push(piece);
      piece = "";
    }
    piece += piece === "" ? text : `,${text}`;
  }
  return [...pieces, piece];
}

/** A change as JSON texts with at most `ROOMS_MAX` rooms each. */
function itemsOf({ user, opened = [], closed = [], isGone }: UserChange): string[] {
  if (opened.length + closed.length <= ROOMS_MAX) return [JSON.stringify({ user, opened, closed, isGone })];
  const items: string[] = [];
  for (let i = 0; i < Math.max(opened.length, closed.length); i += ROOMS_MAX / 2) {
    const some = (rooms: readonly string[]) => rooms.slice(i, i + ROOMS_MAX / 2);
    items.push(JSON.stringify({ user, opened: some(opened), closed: some(closed) }));
  }
  return isGone ? [...items, JSON.stringify({ user, isGone })] : items;
}
