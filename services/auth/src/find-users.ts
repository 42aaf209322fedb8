import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { AuthError } from "./auth-error.ts";
import type { User, Users } from "./users.ts";

/** Users in one answer, and by default. */
export const FOUND_MAX = 50;
export const FOUND_DEFAULT = 20;
/** Searches of one user within a minute. */
export const SEARCHES_PER_MINUTE = 60;
const MINUTE_S = 60;

/**
 * Finds users whose username or display name begins with a text, without regard to case, by username.
 *
 * @throws {AuthError} `rate_limited` after `SEARCHES_PER_MINUTE` of `userId`, `unavailable`.
 */
export type FindUsers = (userId: string, name: string, limit?: number) => Promise<User[]>;

/** @param isLimited whether searches are limited; not in load tests */
export function createFindUsers(users: Users, isLimited: boolean): FindUsers {
  const searches = new RateLimiterMemory({ keyPrefix: "", points: SEARCHES_PER_MINUTE, duration: MINUTE_S });
  return async (userId, name, limit = FOUND_DEFAULT) => {
    try {
      if (isLimited) await searches.consume(userId);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new AuthError("rate_limited", "too many searches for users", {
        retryAfterMs: refusal.msBeforeNext,
      });
    }
    return await users.findByPrefix(name, limit);
  };
}
