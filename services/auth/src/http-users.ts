import type { App } from "@parley/runtime/http";
import { Jwks, Me, problems, security, UserList, UsersQuery } from "./http-schemas.ts";
import type { UseCases } from "./use-cases.ts";
import type { Caller } from "./verify-token.ts";

const tags = ["users"];
/** How long the public keys may be kept by whoever fetched them, seconds. */
const JWKS_KEPT_S = 60;

/** The token of `Authorization: Bearer …`, or the empty text. */
export function bearerOf(header: string | undefined): string {
  return /^bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
}

/** Who asks. @throws {AuthError} as VerifyToken does. */
export function callerOf(
  cases: UseCases,
  request: { headers: { authorization?: string | undefined } },
): Promise<Caller> {
  return cases.verifyToken(bearerOf(request.headers.authorization));
}

/** The routes about users, and the public keys. */
export function addUsers(app: App, cases: UseCases): void {
  app.get(
    "/api/v1/me",
    { schema: { tags, security, summary: "who I am", response: { 200: Me, ...problems(401, 503) } } },
    async (request) => ({ data: (await callerOf(cases, request)).user }),
  );
  app.get(
    "/api/v1/users",
    {
      schema: {
        tags,
        security,
        summary: "users by id; ids that nobody has are left out",
        querystring: UsersQuery,
        response: { 200: UserList, ...problems(400, 401, 503) },
      },
    },
    async (request) => {
      await callerOf(cases, request);
      const ids = request.query.ids.split(",").filter((id) => id !== "");
      return { data: await cases.getUsers(ids) };
    },
  );
  app.get(
    "/.well-known/jwks.json",
    { schema: { tags, summary: "the public keys of tokens (RFC 7517)", response: { 200: Jwks } } },
    async (_request, reply) => {
      reply.header("cache-control", `public, max-age=${JWKS_KEPT_S}`);
      return cases.getJwks();
    },
  );
}
