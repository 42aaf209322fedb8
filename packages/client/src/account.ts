import type { User } from "./frames.ts";
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

/** Somebody whom the user has blocked. */
export interface Block {
  user: User;
  at: string;
}

/** Who may make an account: everybody, who has the code of a link to a room (`invite`), or nobody. */
export type Registration = "open" | "invite" | "closed";

/** The user's account, its sessions, and other users. Everything rejects with a `ParleyError`. */
export interface Account {
  /** Who may make an account. Asked without a session, before `parley.session.register`. */
  registration(signal?: AbortSignal): Promise<Registration>;
  /** The user's profile, with the `role` of an admin. */
  me(signal?: AbortSignal): Promise<Profile>;
  /** Users whose username or display name begins with `name`. */
  find(name: string, o?: { limit?: number; signal?: AbortSignal }): Promise<Profile[]>;
  /** Users by id, at most 100; unknown ids are left out. */
  users(ids: readonly string[], signal?: AbortSignal): Promise<Profile[]>;
  /** Whom the user has blocked, the newest first. */
  blocks(signal?: AbortSignal): Promise<Block[]>;
  /**
   * Blocks somebody: they open no direct chat with the user, write nothing to the one that there is, and add the user to no
   * room; each is refused with `blocked`. @throws {ParleyError} `user_not_found`, `quota_exceeded`
   */
  block(userId: string): Promise<Block>;
  /** Takes a block back, if there is one. */
  unblock(userId: string): Promise<void>;
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
    (await parley.request<T>(method, path, { service: "auth", ...o })).data;
  const blocks = "/me/blocks";
  /** The session is over on the server: so is what is kept here. */
  const end = () => parley.session.signOut().catch(() => undefined);
  return {
    async registration(signal) {
      const o = { isPublic: true, signal };
      return (await ask<{ mode: Registration }>("GET", "/registration", o)).mode;
    },
    me: (signal) => ask("GET", "/me", { signal }),
    find: (name, { signal, limit } = {}) => ask("GET", "/users", { query: { name, limit }, signal }),
    users: (ids, signal) => ask("GET", "/users", { query: { ids: ids.join() }, signal }),
    blocks: (signal) => ask("GET", blocks, { service: "listen", signal }),
    block: (userId) => ask("POST", blocks, { service: "listen", body: { userId } }),
    unblock: (id) => ask("DELETE", `${blocks}/${encodeURIComponent(id)}`, { service: "listen" }),
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
