import { At, User } from "@parley/protocol/fields";
import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import { actorOf } from "../../http/actor.ts";
import { COMMAND_COST, READ_COST } from "../../http/cost.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import type { Blocks } from "../blocks.ts";
import { INVITATION_EXAMPLE } from "./invitation-routes.ts";
import { DirectWith, UserId } from "./room-schemas.ts";

const tags = ["blocks"];
const security = [{ bearer: [] }];
/** Cost of the list: 1,000 short rows at most. */
const LIST_COST = READ_COST + 20;

const BlockShape = Type.Object({ user: User, at: At });
const { user, at } = INVITATION_EXAMPLE;
const BLOCK_EXAMPLE = { user, at };
const Unblocked = Type.Object({ user: Type.String() });

/** Adds the routes of the users whom a user has blocked. */
export function addBlockRoutes(app: App, { blocks }: Readonly<{ blocks: Blocks }>): void {
  const path = "/api/v1/me/blocks";
  app.get(
    path,
    {
      config: { cost: LIST_COST },
      schema: {
        tags,
        security,
        summary: "whom you have blocked, the newest first",
        response: responseSchemas(Type.Array(BlockShape), [BLOCK_EXAMPLE]),
      },
    },
    async (request) => (await dataOrProblem(blocks.list(actorOf(request)))) as never,
  );
  app.post(
    path,
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "block a user; a second time changes nothing",
        description:
          "The user opens no direct chat with you, posts, reacts and edits nothing in the one that there is, and adds you " +
          "to no room: each is refused with `blocked`. Invitations that you have from the user are gone. What was " +
          "said before, and rooms that you share, stay. You open no direct chat with the user either.",
        body: DirectWith,
        response: responseSchemas(BlockShape, BLOCK_EXAMPLE, 201),
      },
    },
    async (request, reply) => {
      const added = blocks.add(actorOf(request), request.body.userId);
      return reply.code(201).send((await dataOrProblem(added)) as never);
    },
  );
  const remove = async (request: Readonly<{ caller: unknown }>, userId: string) => {
    await dataOrProblem(blocks.remove(actorOf(request), userId));
    return { data: { user: userId } } as never;
  };
  const route = { tags, security, response: responseSchemas(Unblocked, { user: user.id }) };
  const summary = "unblock a user; one whom you have not blocked changes nothing";
  app.delete(
    `${path}/:user`,
    { config: { cost: COMMAND_COST }, schema: { ...route, summary, params: Type.Object({ user: UserId }) } },
    (request) => remove(request, request.params.user),
  );
  app.delete(
    path,
    {
      config: { cost: COMMAND_COST },
      schema: { ...route, summary: `${summary} (the same)`, querystring: Type.Object({ userId: UserId }) },
    },
    (request) => remove(request, request.query.userId),
  );
}
