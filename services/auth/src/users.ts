import { isName } from "@parley/protocol/text";
import type { Database } from "@parley/runtime/postgres";
import { AuthError } from "./auth-error.ts";
import { reservedReason } from "./reserved-username.ts";

export const USERNAME_LENGTH_MIN = 3;
export const USERNAME_LENGTH_MAX = 32;
export const USERNAME_PATTERN = "^[a-zA-Z0-9_.-]+$";
export const DISPLAY_NAME_LENGTH_MAX = 64;

const USERNAME = /^[a-zA-Z0-9_.-]{3,32}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export type User = Readonly<{ id: string; username: string; displayName: string }>;

/** Whether a text is a valid username. Usernames are unique without regard to case. */
export const isUsername = (text: string): boolean => USERNAME.test(text);

/** Whether a text has the form of a user or session id (a UUID). */
export const isId = (text: string): boolean => UUID.test(text);

/** Returns a valid username as it is. @throws {AuthError} `bad_frame` if it is not valid. */
export function acceptUsername(text: string): string {
  const reserved = reservedReason(text);
  if (reserved !== undefined)
    throw new AuthError("bad_frame", `this username ${reserved}`, { path: "/username" });
  if (isUsername(text)) return text;
  const rule = `${USERNAME_LENGTH_MIN} to ${USERNAME_LENGTH_MAX} of a-z A-Z 0-9 _ . -`;
  throw new AuthError("bad_frame", `a username is ${rule}`, { path: "/username" });
}

/**
 * Returns a display name without white space at its ends.
 *
 * @throws {AuthError} `bad_frame` if it is empty, too long, or has control characters or lone surrogates.
 */
export function acceptDisplayName(text: string): string {
  const name = text.trim();
  const length = [...name].length;
  if (length <= DISPLAY_NAME_LENGTH_MAX && isName(name)) return name;
  const rule = `1 to ${DISPLAY_NAME_LENGTH_MAX} characters in one line that shows something, without text direction overrides`;
  throw new AuthError("bad_frame", `a display name is ${rule}`, { path: "/displayName" });
}

const FIELDS = `id, username, display_name as "displayName"`;

/** A user with the hash that a login is checked against; `passwordEpoch` counts changes of the password. */
export type Account = User & Readonly<{ passwordHash: string; passwordEpoch: number }>;

/** Accounts in Postgres. Each write is one statement. */
export interface Users {
  /** Adds an account; undefined if the username is taken. */
  add(username: string, displayName: string, passwordHash: string): Promise<User | undefined>;
  /** The account with this username, without regard to case. */
  findByName(username: string): Promise<Account | undefined>;
  /** The users with these ids; unknown and malformed ids are left out. */
  findByIds(ids: readonly string[]): Promise<User[]>;
  /** Changes the display name; undefined if there is no such user. */
  rename(userId: string, displayName: string): Promise<User | undefined>;
  /** Replaces the hash by another one of the same password; false if the stored hash is not `old` any more. */
  replaceHash(userId: string, old: string, fresh: string): Promise<boolean>;
}

/** Stores accounts in the schema `auth`. */
export function createUsers(database: Database): Users {
  return {
    async add(username, displayName, passwordHash) {
      const [user] = await database.query<User>(
        `insert into auth.users (username, display_name, password_hash) values ($1, $2, $3)
         on conflict (username_key) do nothing returning ${FIELDS}`,
        [username, displayName, passwordHash],
      );
      return user;
    },
    async findByName(username) {
      const [user] = await database.query<Account>(
        `select ${FIELDS}, password_hash as "passwordHash", password_epoch as "passwordEpoch"
         from auth.users where username_key = lower($1)`,
        [username],
      );
      return user;
    },
    async findByIds(ids) {
      const possible = ids.filter(isId);
      if (possible.length === 0) return [];
      return await database.query<User>(
        `select ${FIELDS} from auth.users
         where id in (select value::uuid from json_array_elements_text($1::text::json)) order by username_key`,
        [JSON.stringify(possible)],
      );
    },
    async rename(userId, displayName) {
      const [user] = await database.query<User>(
        `update auth.users set display_name = $2, updated_at = now() where id = $1 returning ${FIELDS}`,
        [userId, displayName],
      );
      return user;
    },
    async replaceHash(userId, old, fresh) {
      const rows = await database.query(
        `update auth.users set password_hash = $3, updated_at = now()
         where id = $1 and password_hash = $2 returning id`,
        [userId, old, fresh],
      );
      return rows.length === 1;
    },
  };
}
