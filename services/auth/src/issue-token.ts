import { randomUUID } from "node:crypto";
import type { Database } from "@parley/runtime/postgres";
import { TOKEN_SECONDS, type Tokens } from "./tokens.ts";
import { acceptDisplayName, type User } from "./users.ts";
import type { Caller } from "./verify-token.ts";

/** An application's own user: its id there, and the name that others see; left out, that stays as it is. */
type OwnUser = Readonly<{ externalId: string; displayName?: string }>;
type IssuedToken = Readonly<{ token: string; expiresInSeconds: number; user: User }>;

/**
 * Issues an access token to an application's own user, who is made if new. All tokens of one user name one session, so
 * that a socket takes the next one; the session ends with its last token, and there is no refresh token.
 *
 * @throws {AuthError} `bad_frame` if the display name breaks a rule, `unavailable`.
 */
export type IssueToken = (issuer: Caller, user: OwnUser) => Promise<IssuedToken>;

/** The username is of the account's own id, and nobody can register one of that form (`reservedReason`). */
const ISSUE = `
  with person as (
    insert into auth.users as u (id, username, display_name, password_hash, external_id)
    values ($1::uuid, $2, coalesce($4, $2), '', $3)
    on conflict (external_id) do update set display_name = coalesce($4, u.display_name),
      updated_at = case when u.display_name = coalesce($4, u.display_name) then u.updated_at else now() end
    returning id, username, display_name, password_epoch
  ), opened as (
    insert into auth.sessions (user_id, device, expires_at, password_epoch, is_issued)
    select id, $5, now() + interval '${TOKEN_SECONDS} s', password_epoch, true from person
    on conflict (user_id) where is_issued and revoked_at is null do update set
      last_used_at = now(), expires_at = excluded.expires_at, device = excluded.device
    returning id
  )
  select person.id, username, display_name as "displayName", opened.id as "sessionId" from person, opened`;

export function createIssueToken(database: Database, tokens: Tokens): IssueToken {
  return async (issuer, { externalId, displayName }) => {
    const name = displayName === undefined ? null : acceptDisplayName(displayName);
    const id = randomUUID();
    const username = `app-${id.replaceAll("-", "").slice(0, 24)}`;
    const rows = await database.query<User & { sessionId: string }>(ISSUE, [
      ...[id, username, externalId, name, issuer.user.username],
    ]);
    const { sessionId, ...user } = rows[0] as User & { sessionId: string };
    return { token: await tokens.sign(user, sessionId), expiresInSeconds: TOKEN_SECONDS, user };
  };
}
