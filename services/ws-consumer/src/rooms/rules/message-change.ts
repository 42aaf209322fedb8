import { demand, RoomError, type RoomKind, type Standing } from "./rights.ts";

/** A message and its room, as far as the rules of a change need them. */
export type MessageState = Readonly<{
  kind: RoomKind;
  version: number;
  actorId: string;
  standing: Standing;
  /** In a direct chat, by its other member. */
  isBlocked: boolean;
  /** Undefined if the message does not exist or was deleted. */
  authorId: string | undefined;
}>;

function authorOf({ authorId }: MessageState): string {
  if (authorId === undefined) throw new RoomError("message_not_found", "there is no such message");
  return authorId;
}

/** Checks that the actor may edit a message: only its author may. @throws {RoomError} */
export function demandEdit(state: MessageState): void {
  demand(state.kind, state.standing, "read");
  if (authorOf(state) !== state.actorId)
    throw new RoomError("forbidden", "a message is edited by its author only");
  demand(state.kind, state.standing, "edit");
  if (state.isBlocked) throw new RoomError("blocked", "this user has blocked you");
}

/** Checks that the actor may delete a message: its author may, and the room's owners and admins. @throws {RoomError} */
export function demandErase(state: MessageState): void {
  demand(state.kind, state.standing, "read");
  const isOwn = authorOf(state) === state.actorId;
  if (!isOwn && state.standing === "outsider")
    throw new RoomError("forbidden", "a message of somebody else is deleted by the room's owner or admins");
  demand(state.kind, state.standing, isOwn ? "erase" : "moderate");
}
