import { identityOf } from "@parley/identity/authenticate";
import { At, Room, User } from "@parley/protocol/fields";
import { LineText } from "@parley/protocol/text";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import { type Static, Type } from "typebox";
import type { CheckReadable } from "../../delivery/read-history.ts";
import { READ_COST } from "../../http/cost.ts";
import { dataOrProblem } from "../../http/responses.ts";
import type { OnlineUsers } from "../online-users.ts";

/** Users per response. */
const ONLINE_MAX = 1_000;
/** Cost of such a response, in units of packages/runtime/src/work.ts. */
const LIST_COST = 20;

/** Longest id of a user, characters. */
const USER_ID_LENGTH_MAX = 128;
/** Users whose presence is asked for by id in one request, and the cost of that. */
const USERS_MAX = 100;
const USERS_COST = READ_COST + 5;

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
type UserPresence = Static<typeof UserPresence>;
const errors = { "4xx": { $ref: "Problem#" }, "5xx": { $ref: "Problem#" } };
const common = { tags: ["presence"], security: [{ bearer: [] }] };

/** When users were last online, by id; those of whom that is not known are left out. */
export type LastSeenOf = (userIds: readonly string[]) => Promise<ReadonlyMap<string, Date>>;

type PresenceRoutesDependencies = Readonly<{
  checkReadable: CheckReadable;
  online: OnlineUsers;
  lastSeenOf: LastSeenOf;
}>;

/** Adds `GET /api/v1/presence/online`, and those of one user and of some users. */
export function addPresenceRoutes(app: App, deps: PresenceRoutesDependencies): void {
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
        params: Type.Object({ user: LineText({ minLength: 1, maxLength: USER_ID_LENGTH_MAX }) }),
        response: { 200: Type.Object({ data: UserPresence }), ...errors },
      },
    },
    async (request) => {
      const [data] = await presenceOf(deps, [request.params.user]);
      return { data: data as UserPresence };
    },
  );
  app.get(
    "/api/v1/presence/users",
    {
      config: { cost: USERS_COST },
      schema: {
        ...common,
        summary: "the same of some users, in the order of their ids here",
        querystring: Type.Object({
          ids: LineText({
            minLength: 1,
            maxLength: USERS_MAX * (USER_ID_LENGTH_MAX + 1),
            description: `ids, joined by commas, at most ${USERS_MAX}`,
          }),
        }),
        response: { 200: Type.Object({ data: Type.Array(UserPresence) }), ...errors },
      },
    },
    async (request) => {
      const ids = request.query.ids.split(",").filter((id) => id !== "");
      if (ids.length > USERS_MAX)
        throw new Problem(400, "bad_frame", `ids: at most ${USERS_MAX}`, { path: "/ids" });
      return { data: await presenceOf(deps, ids) };
    },
  );
}

/** Whether users are online, and if not, when they were. */
async function presenceOf(
  { online, lastSeenOf }: PresenceRoutesDependencies,
  ids: readonly string[],
): Promise<UserPresence[]> {
  const away = ids.filter((id) => !online.has(id));
  const lastSeen = away.length > 0 ? await lastSeenOf(away) : new Map<string, Date>();
  return ids.map((id) => {
    const isOnline = online.has(id);
    return { user: { id }, isOnline, lastSeen: isOnline ? null : (lastSeen.get(id)?.toISOString() ?? null) };
  });
}
