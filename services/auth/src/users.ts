import { isName } from "@parley/protocol/text";
import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import { reservedReason } from "./reserved-username.ts";
import type { Role } from "./roles.ts";

export const USERNAME_LENGTH_MIN = 3;
export const USERNAME_LENGTH_MAX = 32;
export const USERNAME_PATTERN = "^[a-zA-Z0-9_.-]+$";
export const DISPLAY_NAME_LENGTH_MAX = 64;
/** Users that are found by a name, at most and by default. */
export const FOUND_MAX = 50;
export const FOUND_DEFAULT = 20;

const USERNAME = /^[a-zA-Z0-9_.-]{3,32}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export type User = Readonly<{ id: string; username: string; displayName: string }>;

/** Whether a text is a valid username. Usernames are unique without regard to case. */
export const isUsername = (text: string): boolean => USERNAME.test(text);

/** Whether a text has the form of a user or session id (a UUID). */
export const isId = (text: string): boolean => UUID.test(text);

/** Returns a valid username as it is. @throws {AuthError} `bad_frame` with `path` if it is not valid. */
export function acceptUsername(text: string, path = "/username"): string {
  const reserved = reservedReason(text);
  if (reserved !== undefined) throw new AuthError("bad_frame", `this username ${reserved}`, { path });
  if (isUsername(text)) return text;
  const rule = `${USERNAME_LENGTH_MIN} to ${USERNAME_LENGTH_MAX} of a-z A-Z 0-9 _ . -`;
  throw new AuthError("bad_frame", `a username is ${rule}`, { path });
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

/**
 * A user with the hash that a login is checked against; `passwordEpoch` counts changes of the password, `isKnown` is
 * whether it was entered from an address before.
 */
export type Account = User & Readonly<{ passwordHash: string; passwordEpoch: number; isKnown: boolean }>;

/** A new account, with the hash of the address that it is made from. */
type NewAccount = Readonly<
  Record<"username" | "displayName" | "passwordHash" | "addressHash", string> & { role: Role }
>;

/** A user who was looked up by id. */
export type FoundUser = User & Readonly<{ isDeleted: boolean }>;

/** Accounts in Postgres. Each write is one statement. */
export interface Users {
  /** Adds an account; undefined if the username is taken. */
  add(account: NewAccount): Promise<User | undefined>;
  /** The account with this username, without regard to case; `addressHash` is what `isKnown` is about. */
  findByName(username: string, addressHash: string): Promise<Account | undefined>;
  /** The users with these ids, deleted ones too; unknown and malformed ids are left out. */
  findByIds(ids: readonly string[]): Promise<FoundUser[]>;
  /**
   * The first `limit` users, by username, whose username or display name begins with a text, without regard to case.
   *
   * @throws {AuthError} `unavailable`.
   */
  findByPrefix(text: string, limit?: number): Promise<User[]>;
  /**
   * Takes names, password and addresses from an account, revokes its sessions, and returns those. Its row stays, under
   * another name.
   */
  erase(userId: string): Promise<Revocation[]>;
  /** Changes the display name; undefined if there is no such user. */
  rename(userId: string, displayName: string): Promise<User | undefined>;
  /** Replaces the hash by another one of the same password; false if the stored hash is not `old` any more. */
  replaceHash(userId: string, old: string, fresh: string): Promise<boolean>;
}

/** SQL: the hash by which the username `$1` of a deleted account is kept from others. */
export const NAME_HASH = "sha256(convert_to(lower($1), 'UTF8'))";

/** SQL: whether a text begins with `$1` in lower case, by an index of `text_pattern_ops` and whatever the plan. */
const beginsWith = (text: string) => `(${text} ~>=~ lower($1) and ${text} ~<~ (lower($1) || chr(1114111)))`;

/** Each half of the union uses an index of its own. */
const FIND_BY_PREFIX = `
  select ${FIELDS} from (
    (select * from auth.users where ${beginsWith("username_key")} and deleted_at is null
     order by username_key limit $2)
    union
    (select * from auth.users where ${beginsWith("lower(display_name)")} and deleted_at is null
     order by username_key limit $2)
  ) found order by username_key limit $2`;

/** The random part of the new name cannot be that of another account; ids are random from their first digit on. */
const ERASE = `
  with erased as (
    update auth.users set
      username = 'deleted-' || left(replace(id::text, '-', ''), 24), display_name = 'Deleted account',
      password_hash = '', password_epoch = password_epoch + 1, deleted_at = now(), updated_at = now(),
      erased_name_hash = sha256(convert_to(username_key, 'UTF8')), role = 'user', external_id = null
    where id = $1 and deleted_at is null returning id
  ), forgotten as (
    delete from auth.known_addresses k using erased where k.user_id = erased.id
  )
  update auth.sessions s set revoked_at = now(), revoked_why = 'deleted', device = '' from erased
  where s.user_id = erased.id and s.revoked_at is null and s.expires_at > now()
  returning s.id as "sessionId", s.revoked_at as at`;

/** Stores accounts in the schema `auth`. */
export function createUsers(database: Database): Users {
  return {
    async add({ username, displayName, passwordHash, addressHash, role }) {
      const [user] = await database.query<User>(
        `with added as (
           insert into auth.users (username, display_name, password_hash, role)
           select $1, $2, $3, $5
           where not exists (select from auth.users where erased_name_hash = ${NAME_HASH})
           on conflict (username_key) do nothing returning id, username, display_name
         ), known as (
           insert into auth.known_addresses (user_id, address_hash) select id, decode($4, 'hex') from added
         )
         select ${FIELDS} from added`,
        [username, displayName, passwordHash, addressHash, role],
      );
      return user;
    },
    async findByName(username, addressHash) {
      const [user] = await database.query<Account>(
        `select ${FIELDS}, password_hash as "passwordHash", password_epoch as "passwordEpoch",
                exists (select from auth.known_addresses
                        where user_id = id and address_hash = decode($2, 'hex')) as "isKnown"
         from auth.users where username_key = lower($1) and deleted_at is null`,
        [username, addressHash],
      );
      return user;
    },
    async findByIds(ids) {
      const possible = ids.filter(isId);
      if (possible.length === 0) return [];
      return await database.query<FoundUser>(
        `select ${FIELDS}, deleted_at is not null as "isDeleted" from auth.users
         where id in (select value::uuid from json_array_elements_text($1::text::json)) order by username_key`,
        [JSON.stringify(possible)],
      );
    },
    findByPrefix: (text, limit = FOUND_DEFAULT) => database.query<User>(FIND_BY_PREFIX, [text, limit]),
    async erase(userId) {
      const rows = await database.query<{ sessionId: string; at: Date }>(ERASE, [userId]);
      return rows.map(({ sessionId, at }) => ({ sessionId, userId, at: at.getTime() }));
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
