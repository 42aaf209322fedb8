import { demand, RoomError, type RoomKind, type Standing } from "./rights.ts";

/** A message, as far as a change of it is judged by it. */
export type MessageState = Readonly<{
  kind: RoomKind;
  version: number;
  actorId: string;
  standing: Standing;
  /** Undefined if there is no such message, or none any more. */
  authorId: string | undefined;
}>;

function authorOf({ authorId }: MessageState): string {
  if (authorId === undefined) throw new RoomError("message_not_found", "there is no such message");
  return authorId;
}

/** Makes sure that somebody may give a message another text: only its author may. @throws {RoomError} */
export function demandEdit(state: MessageState): void {
  demand(state.kind, state.standing, "read");
  if (authorOf(state) !== state.actorId)
    throw new RoomError("forbidden", "a message is edited by its author only");
  demand(state.kind, state.standing, "edit");
}

/** Makes sure that somebody may delete a message: one's own, or those of others where one leads. @throws {RoomError} */
export function demandErase(state: MessageState): void {
  demand(state.kind, state.standing, "read");
  const isOwn = authorOf(state) === state.actorId;
  if (!isOwn && state.standing === "outsider")
    throw new RoomError("forbidden", "a message of somebody else is deleted by the room's owner or admins");
  demand(state.kind, state.standing, isOwn ? "erase" : "moderate");
}
