import { FILLED_KEY, memberKey, roomKey } from "@parley/protocol/access";
import { Refusal } from "@parley/protocol/codes";
import { kindOf } from "@parley/protocol/rooms";

/**
 * Whether a user may post to a room. Answers synchronously if the answer is cached, so that messages keep their order.
 *
 * @throws {Refusal} `unavailable` if it cannot be looked up, or while the consumers fill the bucket of rights: that a right
 * is not there says nothing then; `blocked` in a direct chat whose other member has blocked the user.
 */
export type MayPost = (room: string, userId: string) => boolean | Promise<boolean>;

/** The value of a key in the bucket of rights; undefined if it has none. */
export type Right = Readonly<{ version: number; state: string }> | undefined;

type RightsDependencies = Readonly<{
  read: (key: string) => Promise<Right>;
  /** Monotonic, ms. */
  now: () => number;
}>;

/** Maximum age of a cached right, ms: the longest effect of a change whose notice was lost. */
const AGE_MAX_MS = 10_000;
/** Age from which a right is refreshed in the background, ms. */
const REFRESH_AGE_MS = 5_000;
/** Most cached rights. */
const RIGHTS_MAX = 200_000;
/** State of a room that is deleted, and of a user who is no member. */
const NONE = "none";
/** State of a member whom the other one of a direct chat has blocked. */
const BLOCKED = "blocked";

type CachedRight = { right: Right; at: number; isRefreshing: boolean };

/** A cache of the bucket of rights. It is updated by notices of changes, and reads what it does not have. */
export class RightsCache {
  readonly #dependencies: RightsDependencies;
  readonly #cached = new Map<string, CachedRight>();
  readonly #reads = new Map<string, Promise<Right>>();

  constructor(dependencies: RightsDependencies) {
    this.#dependencies = dependencies;
  }

  /** The right of a key; a promise if it is not cached. */
  get(key: string): Right | Promise<Right> {
    const cached = this.#cached.get(key);
    const age = cached ? this.#dependencies.now() - cached.at : Number.POSITIVE_INFINITY;
    if (!cached || age > AGE_MAX_MS) return this.#read(key);
    if (age > REFRESH_AGE_MS && !cached.isRefreshing) {
      cached.isRefreshing = true;
      // If this fails, the right is read again once it is too old.
      this.#read(key).catch(() => undefined);
    }
    return cached.right;
  }

  /** Takes a notice of a change. Keys that nobody asked for are not cached. */
  update(key: string, right: Exclude<Right, undefined>): void {
    if (this.#cached.has(key) || this.#reads.has(key)) this.#store(key, right);
  }

  /** Forgets one key, which was deleted. */
  forget(key: string): void {
    this.#cached.delete(key);
  }

  /** Forgets everything: notices of changes may have been lost. */
  clear(): void {
    this.#cached.clear();
  }

  #read(key: string): Promise<Right> {
    const underway = this.#reads.get(key);
    if (underway !== undefined) return underway;
    const read = this.#dependencies
      .read(key)
      .then((right) => this.#store(key, right))
      .finally(() => this.#reads.delete(key));
    this.#reads.set(key, read);
    return read;
  }

  /** Stores the newer of the cached and the given right, and returns it: a notice may overtake a read. */
  #store(key: string, right: Right): Right {
    const before = this.#cached.get(key)?.right;
    const newer = (before?.version ?? -1) > (right?.version ?? -1) ? before : right;
    this.#cached.delete(key);
    this.#cached.set(key, { right: newer, at: this.#dependencies.now(), isRefreshing: false });
    if (this.#cached.size > RIGHTS_MAX) this.#cached.delete(this.#cached.keys().next().value as string);
    return newer;
  }
}

/** Whether a user may post to a channel that nobody is known to have made. @throws {Refusal} `quota_exceeded` */
type TakeChannel = (userId: string, room: string) => true;

/** Most pairs of user and channel that are remembered; the oldest goes first, and would be charged again. */
const CHANNELS_KNOWN_MAX = 50_000;

/**
 * Counts the channels that a user makes by a message. This service cannot see whether a channel is there already unless
 * a member made it, so that each channel counts once for each user who posts to it.
 *
 * @param take takes a channel from a user's quota; returns 0, or the ms until the next one
 */
export function createTakeChannel(take: (userId: string) => number, perHour: number): TakeChannel {
  const known = new Set<string>();
  return (userId, room) => {
    const key = `${userId} ${room}`;
    if (known.has(key)) return true;
    const retryAfterMs = take(userId);
    if (retryAfterMs > 0)
      throw new Refusal(
        "quota_exceeded",
        `CHANNELS_MADE_PER_HOUR is ${perHour}: so many channels may be made by one user`,
        { path: "/room", retryAfterMs },
      );
    if (known.size >= CHANNELS_KNOWN_MAX) known.delete(known.values().next().value as string);
    known.add(key);
    return true;
  };
}

/**
 * @param isAutoCreated whether a channel that does not exist yet is created by its first message
 * @param takeChannel counts such a channel
 */
export function createMayPost(
  rights: RightsCache,
  isAutoCreated: boolean,
  takeChannel: TakeChannel,
): MayPost {
  const refuse = () => {
    const filled = rights.get(FILLED_KEY);
    return filled instanceof Promise ? filled.then(refuseIfFilled) : refuseIfFilled(filled);
  };
  const isChannelOpen = (right: Right, room: string, userId: string) => {
    if (right) return right.state !== NONE;
    return isAutoCreated ? takeChannel(userId, room) : refuse();
  };
  const isMember = (room: Right, member: Right) => {
    if (room?.state === NONE || member?.state === NONE) return false;
    if (member?.state === BLOCKED)
      throw new Refusal("blocked", "this user has blocked you", { path: "/room" });
    return member !== undefined || refuse();
  };
  return (room, userId) => {
    const ofRoom = rights.get(roomKey(room));
    if (kindOf(room) === "channel") {
      if (!(ofRoom instanceof Promise)) return isChannelOpen(ofRoom, room, userId);
      // An auto-created channel is open to all, also while the bucket does not answer.
      const known = isAutoCreated ? ofRoom.catch(() => undefined) : ofRoom;
      return known.then((right) => isChannelOpen(right, room, userId));
    }
    const ofMember = rights.get(memberKey(room, userId));
    if (ofRoom instanceof Promise || ofMember instanceof Promise)
      return Promise.all([ofRoom, ofMember]).then(([right, member]) => isMember(right, member));
    return isMember(ofRoom, ofMember);
  };
}

/** The answer to a right that the bucket does not have: no, if it is filled. */
function refuseIfFilled(filled: Right): false {
  if (filled) return false;
  throw new Refusal("unavailable", "rights to rooms are being read again", { retryAfterMs: 1_000 });
}
