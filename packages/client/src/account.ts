import type { Parley, Profile, RequestOptions } from "./types.ts";

export type { Profile } from "./types.ts";

/** One of the user's sessions: a device that is signed in. */
export interface UserSession {
  id: string;
  /** The user agent that signed in. */
  device: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  /** Whether it is the session of this client. */
  isCurrent: boolean;
}

/** The user's account, its sessions, and other users. Everything rejects with a `ParleyError`. */
export interface Account {
  /** Users whose username or display name begins with `name`. */
  find(name: string, o?: { limit?: number; signal?: AbortSignal }): Promise<Profile[]>;
  /** Users by id, at most 100; unknown ids are left out. */
  users(ids: readonly string[], signal?: AbortSignal): Promise<Profile[]>;
  /** Changes the display name. */
  rename(displayName: string): Promise<Profile>;
  /** Changes the password and revokes all other sessions. Resolves to their number. @throws {ParleyError} `wrong_password` */
  changePassword(o: { oldPassword: string; newPassword: string }): Promise<number>;
  /** The open sessions, the newest first. */
  sessions(): Promise<UserSession[]>;
  /** Revokes a session: its device is signed out at once. @throws {ParleyError} `session_not_found` */
  revoke(sessionId: string): Promise<void>;
  /** Revokes all sessions, this one included, and signs out here. Resolves to their number. */
  signOutEverywhere(): Promise<number>;
  /** Deletes the account and signs out here. What the user wrote stays, without the name. @throws {ParleyError} `wrong_password` */
  delete(password: string): Promise<void>;
  /** What the server stores about the account, without secrets. */
  export(): Promise<Record<string, unknown>>;
}

/**
 * The account of who is signed in.
 *
 * @example
 * const [bob] = await accountOf(parley).find("bob");
 */
export function accountOf(parley: Parley): Account {
  const ask = async <T>(method: string, path: string, o?: RequestOptions): Promise<T> =>
    (await parley.request<T>(method, path, { ...o, service: "auth" })).data;
  /** The session is over on the server: so is what is kept here. */
  const end = () => parley.session.signOut().catch(() => undefined);
  return {
    find: (name, { signal, limit } = {}) => ask("GET", "/users", { query: { name, limit }, signal }),
    users: (ids, signal) => ask("GET", "/users", { query: { ids: ids.join() }, signal }),
    rename: (displayName) => ask("PATCH", "/me", { body: { displayName } }),
    async changePassword(body) {
      return (await ask<{ revokedSessions: number }>("PUT", "/me/password", { body })).revokedSessions;
    },
    sessions: () => ask("GET", "/sessions"),
    revoke: (id) => ask("DELETE", `/sessions/${encodeURIComponent(id)}`),
    async signOutEverywhere() {
      const { revokedSessions } = await ask<{ revokedSessions: number }>("POST", "/logout-all");
      await end();
      return revokedSessions;
    },
    async delete(password) {
      await ask("DELETE", "/me", { body: { password } });
      await end();
    },
    export: () => ask("GET", "/me/export"),
  };
}
