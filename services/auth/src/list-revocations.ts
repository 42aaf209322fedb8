import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";

/** Age of the oldest revocations in the list, minutes: longer than any access token is valid. */
const KEPT_MINUTES = 20;
/** Revocations on one page. All with the same millisecond are on the same page, so it can be a few more. */
export const REVOCATIONS_MAX = 500;
/** Overlap of consecutive lists, ms: a statement may commit this long after the time that it wrote. */
const OVERLAP_MS = 6_000;

/** One page of revocations, oldest first. The next request is `since: nextSince`, at once if `hasMore`. */
type RevocationPage = Readonly<{ revocations: Revocation[]; nextSince: Date; hasMore: boolean }>;

/**
 * Returns the sessions that were revoked since a time; without a time, in the last 20 minutes.
 *
 * @throws {AuthError} `bad_frame` if `since` is an invalid date, `unavailable`.
 */
export type ListRevocations = (since: Date | undefined) => Promise<RevocationPage>;

export function createListRevocations(database: Database): ListRevocations {
  return async (since) => {
    const sinceMs = since?.getTime() ?? 0;
    if (Number.isNaN(sinceMs))
      throw new AuthError("bad_frame", "since is not a valid time", { path: "/since" });
    const rows = await database.query<{ sessionId: string | null; userId: string; at: Date; now: Date }>(
      `select s.id as "sessionId", s.user_id as "userId", s.at, now() as now
       from (select 1) one left join lateral (
         select id, user_id, date_trunc('milliseconds', revoked_at) as at from auth.sessions
         where revoked_at >= greatest(to_timestamp($1::float8 / 1000), now() - make_interval(mins => ${KEPT_MINUTES}))
         order by at fetch first ${REVOCATIONS_MAX} rows with ties
       ) s on true order by s.at`,
      [Math.max(0, sinceMs)],
    );
    const found = rows.filter((row) => row.sessionId !== null);
    const revocations = found.map(({ sessionId, userId, at }) => ({
      sessionId: sessionId as string,
      userId,
      at: at.getTime(),
    }));
    const hasMore = revocations.length >= REVOCATIONS_MAX;
    const now = rows[0]?.now.getTime() ?? 0;
    const nextSince = new Date(hasMore ? (revocations.at(-1)?.at ?? now) + 1 : now - OVERLAP_MS);
    return { revocations, nextSince, hasMore };
  };
}
