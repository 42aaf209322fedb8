import type { User } from "./frames.ts";
import type { Parley, Profile, RequestOptions } from "./types.ts";

export type { Profile } from "./types.ts";

/** What a service account may do: read messages, write them, or issue tokens for users of an application. */
export type Scope = "messages:read" | "messages:write" | "tokens:issue" | (string & {});

/** An open token of a service account, without the token itself. */
export interface ServiceToken {
  id: string;
  createdAt: string;
  /** Null if it has no end. */
  expiresAt: string | null;
  /** To a minute; null if it was never used. */
  lastUsedAt: string | null;
}

/** An account of a program, such as a bot. */
export interface ServiceAccount {
  /** The user id of the program. */
  id: string;
  /** Its username. */
  name: string;
  displayName: string;
  scopes: Scope[];
  createdAt: string;
  createdBy: User | null;
  tokens: ServiceToken[];
}

/** What is only told once: the token. */
export interface NewToken {
  token: string;
}

/** Service accounts. Everything rejects with a `ParleyError`: `forbidden` for everybody but admins. */
export interface ServiceAccounts {
  /** All of them, the newest first. */
  list(signal?: AbortSignal): Promise<ServiceAccount[]>;
  /**
   * Makes one, with its first token. `expiresInDays` is 1 to 3,650; left out: the token has no end.
   * @throws {ParleyError} `username_taken`, `quota_exceeded`
   */
  create(o: {
    name: string;
    scopes: readonly Scope[];
    displayName?: string;
    expiresInDays?: number;
  }): Promise<ServiceAccount & NewToken>;
  /**
   * Revokes all tokens of an account and closes its sockets. Its messages stay, and its name stays taken.
   * @throws {ParleyError} `service_account_not_found`
   */
  revoke(id: string): Promise<void>;
  /** Gives an account one more token, for example before an old one is revoked. @throws {ParleyError} `quota_exceeded` */
  addToken(id: string, o?: { expiresInDays?: number }): Promise<ServiceToken & NewToken>;
  /** Revokes one token, by its id. @throws {ParleyError} `token_not_found` */
  revokeToken(id: string, tokenId: string): Promise<void>;
}

/** What admins do. */
export interface Admin {
  readonly serviceAccounts: ServiceAccounts;
}

const asker =
  (parley: Parley) =>
  async <T>(method: string, path: string, o?: RequestOptions): Promise<T> =>
    (await parley.request<T>(method, path, { ...o, service: "auth" })).data;

/**
 * The administration of a server, by a client whose user is an admin.
 *
 * @example
 * const { token } = await adminOf(parley).serviceAccounts.create({ name: "ci-bot", scopes: ["messages:write"] });
 */
export function adminOf(parley: Parley): Admin {
  const ask = asker(parley);
  const all = "/service-accounts";
  const one = (id: string) => `${all}/${encodeURIComponent(id)}`;
  return {
    serviceAccounts: {
      list: (signal) => ask("GET", all, { signal }),
      create: (body) => ask("POST", all, { body }),
      revoke: (id) => ask("DELETE", one(id)),
      addToken: (id, body = {}) => ask("POST", `${one(id)}/tokens`, { body }),
      revokeToken: (id, tokenId) => ask("DELETE", `${one(id)}/tokens/${encodeURIComponent(tokenId)}`),
    },
  };
}

/** A token that was issued for a user of an application. */
export interface IssuedToken {
  token: string;
  /** How long it is valid, s. There is nothing to refresh it with: issue the next one. */
  expiresIn: number;
  user: Profile;
}

/**
 * Issues an access token for a user of your own application, for the server of that application: the client's token is
 * one of a service account with the scope `tokens:issue`. The same `externalId` is the same user; who is new is made.
 *
 * @example
 * const { token } = await issueToken(parley, { externalId: "42", displayName: "Ann" });
 * @throws {ParleyError} `forbidden` without that scope
 */
export function issueToken(
  parley: Parley,
  user: { externalId: string; displayName?: string },
): Promise<IssuedToken> {
  return asker(parley)("POST", "/service/tokens", { body: user });
}
