import type { OnlineUsers, UserChange } from "./online-users.ts";

/**
 * A message of one instance to all. `version` counts the messages with changes that it has published: whoever has missed
 * one sees that by the next, at the latest by a heartbeat, which has the version alone.
 */
export type PresenceMessage = Readonly<{
  /** The instance: another one after each start of the process. */
  from: string;
  version: number;
  /** What has changed since the version before. */
  changes?: readonly UserChange[];
  /** A part of the instance's whole state at this version: the `part`-th of `parts`, from 0. */
  users?: readonly UserChange[];
  part?: number;
  parts?: number;
  /** The instance is about to end. */
  isEnding?: boolean;
}>;

/** Heartbeats of this instance that come back while another one is silent, after which that one is gone. */
const SILENCE_MAX = 5;
/** The same after it has said that it ends: its users have this long to connect elsewhere. */
const ENDING_SILENCE_MAX = 2;
const INSTANCES_MAX = 256;
/** Shortest time between two requests for the state of one instance, ms. */
const ASK_EVERY_MS = 300;
const UNKNOWN = -1;

type Instance = {
  version: number;
  silence: number;
  askedAt: number;
  incoming: { version: number; next: number; users: UserChange[] } | undefined;
};

/**
 * The state of the other instances. Their silence is measured in own heartbeats that came back through NATS, not in time:
 * so nobody counts as gone while NATS is away or while this process was suspended.
 */
export class OtherInstances {
  readonly #online: OnlineUsers;
  readonly #ask: (instance: string) => void;
  readonly #now: () => number;
  readonly #instances = new Map<string, Instance>();

  /**
   * @param ask requests the whole state of an instance
   * @param now monotonic, ms
   */
  constructor(online: OnlineUsers, ask: (instance: string) => void, now: () => number) {
    this.#online = online;
    this.#ask = ask;
    this.#now = now;
  }

  /** Applies a message of another instance, and asks for its state if messages before it are missing. */
  receive(message: PresenceMessage): void {
    const { from, version, changes, users, isEnding } = message;
    const instance = this.#instances.get(from) ?? this.#add(from);
    if (!instance) return;
    instance.silence = isEnding ? Math.max(instance.silence, SILENCE_MAX - ENDING_SILENCE_MAX) : 0;
    if (isEnding) return;
    if (users) this.#receivePart(instance, message, users);
    else if (changes && version === instance.version + 1) {
      instance.version = version;
      for (const change of changes) this.#online.apply(from, change);
    } else if (version > instance.version) this.#askFor(from, instance);
  }

  /** A heartbeat of this instance came back: removes instances that have been silent for too long. */
  countSilence(): void {
    for (const [from, instance] of this.#instances) {
      instance.silence += 1;
      if (instance.silence <= SILENCE_MAX) continue;
      this.#instances.delete(from);
      this.#online.remove(from);
    }
  }

  #add(from: string): Instance | undefined {
    if (this.#instances.size >= INSTANCES_MAX) return undefined;
    const instance = {
      version: UNKNOWN,
      silence: 0,
      askedAt: Number.NEGATIVE_INFINITY,
      incoming: undefined,
    };
    this.#instances.set(from, instance);
    return instance;
  }

  #receivePart(
    instance: Instance,
    { from, version, part, parts }: PresenceMessage,
    users: readonly UserChange[],
  ): void {
    if (part === 0) instance.incoming = { version, next: 0, users: [] };
    const { incoming } = instance;
    if (!incoming || incoming.version !== version || incoming.next !== part) {
      // A part was lost. The next heartbeat shows that the state is missing still.
      instance.incoming = undefined;
      return;
    }
    incoming.users.push(...users);
    incoming.next += 1;
    if (incoming.next !== parts) return;
    instance.incoming = undefined;
    if (version < instance.version) return;
    instance.version = version;
    this.#online.replace(from, incoming.users);
  }

  #askFor(from: string, instance: Instance): void {
    const now = this.#now();
    if (now - instance.askedAt < ASK_EVERY_MS) return;
    instance.askedAt = now;
    this.#ask(from);
  }
}
