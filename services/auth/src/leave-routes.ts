import type { App } from "@parley/runtime/http";
import {
  AccountDeleted,
  AccountExported,
  DeleteBody,
  LoggedOutAll,
  problems,
  security,
} from "./http-schemas.ts";
import type { RefreshCookie } from "./refresh-cookie.ts";
import type { UseCases } from "./use-cases.ts";
import { callerOf } from "./verify-token.ts";

const tags = ["account"];

/** Adds the routes by which the caller signs out everywhere, takes the account's data along, and deletes it. */
export function addLeaveRoutes(app: App, cases: UseCases, cookie: RefreshCookie): void {
  app.post(
    "/api/v1/logout-all",
    {
      schema: {
        tags,
        security,
        summary: "sign out everywhere: revoke all my sessions, this one included",
        response: { 200: LoggedOutAll, ...problems(401, 403, 503) },
      },
    },
    async (request, reply) => {
      const revokedSessions = await cases.logoutAll(callerOf(request));
      cookie.clear(reply);
      return { data: { revokedSessions } };
    },
  );
  app.delete(
    "/api/v1/me",
    {
      schema: {
        tags,
        security,
        summary: "delete my account; what I wrote stays, without my name",
        body: DeleteBody,
        response: { 200: AccountDeleted, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await cases.deleteAccount(caller, { password: request.body.password, address: request.ip });
      cookie.clear(reply);
      return { data: { deleted: true as const } };
    },
  );
  app.get(
    "/api/v1/me/export",
    {
      schema: {
        tags,
        security,
        summary: "what auth stores about my account, but secrets",
        response: { 200: AccountExported, ...problems(401, 503) },
      },
    },
    async (request, reply) => {
      const { user } = callerOf(request);
      reply.header("content-disposition", 'attachment; filename="parley-account.json"');
      return { data: await cases.exportAccount(user.id) };
    },
  );
}
