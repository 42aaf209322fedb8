import type { NatsConnection } from "@nats-io/transport-node";
import { REVOKED_SUBJECT } from "@parley/protocol/subjects";
import type { Log } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import type { Database } from "@parley/runtime/postgres";
import { AuthError } from "./auth-error.ts";

/** A session that was ended. `at` is ms since the epoch. */
export type Revocation = Readonly<{ sessionId: string; userId: string; at: number }>;

/**
 * Tells whoever holds sockets that sessions were ended. Best effort and without waiting: what is lost here is found
 * by those who ask ListRevocations.
 */
export type Announce = (revocations: readonly Revocation[]) => void;

/** Says revocations on the NATS subject `auth.revoked`. It connects by itself; auth works without NATS. */
export function startAnnouncer(
  nats: Readonly<{ url: string; user?: string; password?: string }>,
  log: Log,
): { announce: Announce; close: () => Promise<void> } {
  let connection: NatsConnection | undefined;
  let closing = false;
  connectNats({ ...nats, name: "parley-auth", log }).then(
    (made) => {
      if (closing) void made.close();
      else connection = made;
    },
    (err) => log.error({ err }, "NATS cannot be used: revocations reach sockets by polling only"),
  );
  return {
    announce(revocations) {
      try {
        for (const revocation of revocations)
          connection?.publish(REVOKED_SUBJECT, JSON.stringify(revocation));
      } catch (err) {
        log.warn({ err }, "a revocation could not be published");
      }
    },
    async close() {
      closing = true;
      await connection?.drain();
    },
  };
}

/** How far back revocations are told, minutes: longer than any access token lives. */
const KEPT_MINUTES = 20;
/** Revocations in one answer; all of the last millisecond are in it, so it may be a few more. */
export const REVOCATIONS_MAX = 500;
/** How much of the past is told again, ms: a statement may be committed so long after the time that it writes. */
const OVERLAP_MS = 6_000;

type Revocations = Readonly<{ revocations: Revocation[]; nextSince: Date; hasMore: boolean }>;

/**
 * What was revoked since a moment, the oldest first; without a moment, in the last 20 minutes.
 *
 * @throws {AuthError} `bad_frame` if the moment is none, `unavailable`.
 */
export type ListRevocations = (since: Date | undefined) => Promise<Revocations>;

/** Makes the use case. */
export function createListRevocations(database: Database): ListRevocations {
  return async (since) => {
    const sinceMs = since?.getTime() ?? 0;
    if (Number.isNaN(sinceMs)) throw new AuthError("bad_frame", "this is no time", { path: "/since" });
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
