import { Body, Room } from "@parley/protocol/fields";
import { MessageFrame } from "@parley/protocol/message";
import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import type { ReadPage } from "../../delivery/read-history.ts";
import { actorOf } from "../../http/actor.ts";
import { COMMAND_COST } from "../../http/cost.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { MESSAGE_EXAMPLE } from "../../http/room-params.ts";
import type { ChangeMessages } from "../change-messages.ts";
import { RoomError } from "../rules/rights.ts";

const tags = ["messages"];
const security = [{ bearer: [] }];
const MessageParams = Type.Object({
  room: Room,
  seq: Type.String({ pattern: "^[1-9][0-9]{0,14}$", description: "seq of the message" }),
});
const NewBody = Type.Object({ body: Body }, { examples: [{ body: "Hello, all" }] });

/** Adds `PATCH` and `DELETE /api/v1/rooms/:room/messages/:seq`. */
export function addMessageRoutes(
  app: App,
  deps: Readonly<{ changes: ChangeMessages; readPage: ReadPage }>,
): void {
  const { changes, readPage } = deps;
  const messageAt = async (userId: string, room: string, seq: number) => {
    const { messages } = await readPage(userId, room, { after: seq - 1, limit: 1 });
    if (messages[0]?.seq !== seq) throw new RoomError("message_not_found", "there is no such message");
    return messages[0];
  };
  const response = responseSchemas(MessageFrame, { ...MESSAGE_EXAMPLE, editedAt: MESSAGE_EXAMPLE.at });
  app.patch(
    "/api/v1/rooms/:room/messages/:seq",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "edit your message; members receive message_edited",
        params: MessageParams,
        body: NewBody,
        response,
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room } = request.params;
      const seq = Number(request.params.seq);
      const edited = changes.edit(actor, room, seq, request.body.body);
      return (await dataOrProblem(edited.then(() => messageAt(actor.id, room, seq)))) as never;
    },
  );
  app.delete(
    "/api/v1/rooms/:room/messages/:seq",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "delete a message: your own, or any as owner or admin; its seq stays, its text is deleted",
        params: MessageParams,
        response: responseSchemas(MessageFrame, {
          ...MESSAGE_EXAMPLE,
          body: "",
          deletedAt: MESSAGE_EXAMPLE.at,
        }),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room } = request.params;
      const seq = Number(request.params.seq);
      const erased = changes.erase(actor, room, seq);
      return (await dataOrProblem(erased.then(() => messageAt(actor.id, room, seq)))) as never;
    },
  );
}
