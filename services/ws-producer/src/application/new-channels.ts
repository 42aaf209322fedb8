import { Refusal } from "@parley/protocol/codes";

/** Whether a user may post to a channel that nobody is known to have made. @throws {Refusal} `quota_exceeded` */
export type TakeChannel = (userId: string, room: string) => true;

/** Most pairs of user and channel that are remembered; the oldest goes first, and would be charged again. */
const KNOWN_MAX = 50_000;

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
    if (known.size >= KNOWN_MAX) known.delete(known.values().next().value as string);
    known.add(key);
    return true;
  };
}
