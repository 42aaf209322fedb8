import type { Log } from "@parley/runtime/log";
import type { Database } from "@parley/runtime/postgres";

/** What a user may do beyond their rooms. It is read at each request, so that losing it takes effect at once. */
export type Role = "user" | "admin";

/** Whoever cannot log in with a password cannot be an admin. */
const SET = `
  with found as (
    select id, role from auth.users where username_key = lower($1) and deleted_at is null and password_hash <> ''
  ), changed as (
    update auth.users u set role = $2, updated_at = now() from found where u.id = found.id and found.role <> $2
    returning u.id
  )
  select found.id, changed.id is not null as "isChanged" from found left join changed on true`;

/**
 * Gives a user a role. Returns the user's id, and whether that changed anything; undefined if no user has this name and a
 * password.
 *
 * @throws {AuthError} `unavailable`.
 */
export async function setRole(
  database: Database,
  username: string,
  role: Role,
): Promise<Readonly<{ id: string; isChanged: boolean }> | undefined> {
  const [row] = await database.query<{ id: string; isChanged: boolean }>(SET, [username, role]);
  return row;
}

/** Makes the user of `ADMIN_USERNAME` an admin, if there is one; else its registration does. */
export async function keepAdmin(database: Database, username: string | undefined, log: Log): Promise<void> {
  if (username === undefined) return;
  const kept = await setRole(database, username, "admin");
  if (kept?.isChanged) log.info({ by: "ADMIN_USERNAME", user: kept.id, role: "admin" }, "role changed");
  if (!kept) log.info({ username }, "ADMIN_USERNAME is not registered yet");
}
