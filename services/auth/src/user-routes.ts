import type { App } from "@parley/runtime/http";
import { AuthError } from "./auth-error.ts";
import { Jwks, MeWithRole, problems, security, UserList, UsersQuery } from "./http-schemas.ts";
import type { UseCases } from "./use-cases.ts";
import { callerOf } from "./verify-token.ts";

const tags = ["users"];
/** A search by name reads up to 100 rows: a user may make a hundred at once, then ten a second. */
const USERS_COST = 20;
/** How long caches may keep the public keys, seconds. */
const JWKS_CACHE_S = 60;

/** Adds the routes of users and of the public keys. */
export function addUserRoutes(app: App, cases: UseCases): void {
  app.get(
    "/api/v1/me",
    {
      config: { allowed: "everybody" },
      schema: { tags, security, summary: "my user", response: { 200: MeWithRole, ...problems(401, 503) } },
    },
    async (request) => {
      const { user, role } = callerOf(request);
      return { data: { ...user, ...(role === "admin" && { role }) } };
    },
  );
  app.get(
    "/api/v1/users",
    {
      config: { cost: USERS_COST, allowed: "everybody" },
      schema: {
        tags,
        security,
        summary: "users by id, unknown ids are left out; or by the beginning of a name",
        querystring: UsersQuery,
        response: { 200: UserList, ...problems(400, 401, 429, 503) },
      },
    },
    async (request) => {
      const { ids, name, limit } = request.query;
      if ((ids === undefined) === (name === undefined))
        throw new AuthError("bad_frame", "either ids or name is required", { path: "/ids" });
      if (name !== undefined) return { data: await cases.findUsers(name, limit) };
      return { data: await cases.getUsers((ids ?? "").split(",").filter((id) => id !== "")) };
    },
  );
  app.get(
    "/.well-known/jwks.json",
    {
      schema: {
        tags,
        summary: "the public keys of access tokens (RFC 7517)",
        response: { 200: Jwks, ...problems() },
      },
    },
    async (_request, reply) => {
      reply.header("cache-control", `public, max-age=${JWKS_CACHE_S}`);
      return cases.getJwks();
    },
  );
}
