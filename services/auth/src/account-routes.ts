import type { App } from "@parley/runtime/http";
import {
  Me,
  PasswordBody,
  PasswordChanged,
  ProfileBody,
  problems,
  SessionList,
  SessionParams,
  SessionRevoked,
  security,
} from "./http-schemas.ts";
import type { UseCases } from "./use-cases.ts";
import { callerOf } from "./verify-token.ts";

const tags = ["account"];

/** Adds the routes of the caller's own account and sessions. */
export function addAccountRoutes(app: App, cases: UseCases): void {
  app.patch(
    "/api/v1/me",
    {
      schema: {
        tags,
        security,
        summary: "change my display name",
        body: ProfileBody,
        response: { 200: Me, ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => ({
      data: await cases.updateProfile(callerOf(request), request.body.displayName),
    }),
  );
  app.put(
    "/api/v1/me/password",
    {
      schema: {
        tags,
        security,
        summary: "change my password; all my other sessions are revoked",
        body: PasswordBody,
        response: { 200: PasswordChanged, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { oldPassword, newPassword } = request.body;
      const revokedSessions = await cases.changePassword(caller, {
        oldPassword,
        newPassword,
        address: request.ip,
      });
      return { data: { revokedSessions } };
    },
  );
  app.get(
    "/api/v1/sessions",
    {
      schema: {
        tags,
        security,
        summary: "my open sessions, newest first",
        response: { 200: SessionList, ...problems(401, 503) },
      },
    },
    async (request) => ({
      data: (await cases.listSessions(callerOf(request))).map((session) => ({
        ...session,
        createdAt: session.createdAt.toISOString(),
        lastUsedAt: session.lastUsedAt.toISOString(),
        expiresAt: session.expiresAt.toISOString(),
      })),
    }),
  );
  app.delete(
    "/api/v1/sessions/:id",
    {
      schema: {
        tags,
        security,
        summary: "revoke one of my sessions",
        params: SessionParams,
        response: { 200: SessionRevoked, ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => {
      await cases.revokeSession(callerOf(request), request.params.id);
      return { data: { revoked: true as const } };
    },
  );
}
