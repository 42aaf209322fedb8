import { identityOf } from "@parley/identity/authenticate";
import { At, Room, User } from "@parley/protocol/fields";
import { LineText } from "@parley/protocol/text";
import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import type { CheckReadable } from "../../delivery/read-history.ts";
import { READ_COST } from "../../http/cost.ts";
import { dataOrProblem } from "../../http/responses.ts";
import type { OnlineUsers } from "../online-users.ts";

/** Users per response. */
const ONLINE_MAX = 1_000;
/** Cost of such a response, in units of packages/runtime/src/work.ts. */
const LIST_COST = 20;

const OnlineUser = Type.Object({
  user: User,
  isOnline: Type.Boolean(),
  lastSeen: Type.Union([At, Type.Null()]),
});
const UserPresence = Type.Object({
  user: Type.Object({ id: Type.String() }),
  isOnline: Type.Boolean(),
  lastSeen: Type.Union([At, Type.Null()], {
    description: "null while online, or if the user was never seen",
  }),
});
const errors = { "4xx": { $ref: "Problem#" }, "5xx": { $ref: "Problem#" } };
const common = { tags: ["presence"], security: [{ bearer: [] }] };

/** Adds `GET /api/v1/presence/online` and `GET /api/v1/presence/user/:user`. */
export function addPresenceRoutes(
  app: App,
  deps: Readonly<{
    checkReadable: CheckReadable;
    online: OnlineUsers;
    lastSeenOf: (userId: string) => Promise<Date | null>;
  }>,
): void {
  app.get(
    "/api/v1/presence/online",
    {
      config: { cost: LIST_COST },
      schema: {
        ...common,
        summary: `who is online, at most ${ONLINE_MAX}; with room only those who have it open`,
        querystring: Type.Object({ room: Type.Optional(Room) }),
        response: { 200: Type.Object({ data: Type.Array(OnlineUser) }), ...errors },
      },
    },
    async (request) => {
      const { userId } = identityOf(request);
      const { room } = request.query;
      if (room !== undefined) await dataOrProblem(deps.checkReadable(userId, room));
      const users = deps.online.list(ONLINE_MAX, room);
      return { data: users.map((user) => ({ user, isOnline: true, lastSeen: null })) };
    },
  );
  app.get(
    "/api/v1/presence/user/:user",
    {
      config: { cost: READ_COST },
      schema: {
        ...common,
        summary: "whether a user is online, and when they were last",
        params: Type.Object({ user: LineText({ minLength: 1, maxLength: 128 }) }),
        response: { 200: Type.Object({ data: UserPresence }), ...errors },
      },
    },
    async (request) => {
      const id = request.params.user;
      const isOnline = deps.online.has(id);
      const lastSeen = isOnline ? null : await deps.lastSeenOf(id);
      return { data: { user: { id }, isOnline, lastSeen: lastSeen?.toISOString() ?? null } };
    },
  );
}
