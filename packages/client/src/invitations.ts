import type { Invitation, Parley, RoomSummary } from "./types.ts";

export type { Invitation } from "./types.ts";

/** What joins the room whose owner or admin made it, until it expires. */
export interface InviteCode {
  code: string;
  room: string;
  expiresAt: string;
}

/** How people come into groups. Everything rejects with a `ParleyError`. */
export interface Invitations {
  /** The user's own, the newest first, at most 100. */
  list(signal?: AbortSignal): Promise<Invitation[]>;
  /** The user is a member from now on. @throws {ParleyError} `invite_invalid` if it was taken back */
  accept(room: string): Promise<RoomSummary>;
  /** Who invited is not told. */
  decline(room: string): Promise<void>;
  /** The code for a link to a room (owners and admins): one that is valid is given again, for longer. */
  codeOf(room: string): Promise<InviteCode>;
  /** Ends all links to a room, whoever made them. */
  endCodes(room: string): Promise<void>;
  /** Joins the room of a link's code; a second time changes nothing. @throws {ParleyError} `invite_invalid` */
  take(code: string): Promise<RoomSummary>;
}

/**
 * The invitations of who is signed in. `room.members.add` makes one for somebody with whom no room is shared.
 *
 * @example
 * for (const { room } of await invitationsOf(parley).list()) await invitationsOf(parley).accept(room);
 */
export function invitationsOf(parley: Parley): Invitations {
  const ask = async <T>(method: string, path: string, signal?: AbortSignal): Promise<T> =>
    (await parley.request<T>(method, path, { signal })).data;
  return {
    list: (signal) => ask("GET", "/me/invitations", signal),
    accept: (room) => ask("POST", `/me/invitations/${room}/accept`),
    decline: (room) => ask("POST", `/me/invitations/${room}/decline`),
    codeOf: (room) => ask("POST", `/rooms/${encodeURIComponent(room)}/invites`),
    endCodes: (room) => ask("DELETE", `/rooms/${encodeURIComponent(room)}/invites`),
    take: (code) => ask("POST", `/invites/${encodeURIComponent(code)}`),
  };
}
