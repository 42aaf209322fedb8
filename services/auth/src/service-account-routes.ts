import type { App } from "@parley/runtime/http";
import { problems, SessionRevoked, security } from "./http-schemas.ts";
import {
  OwnUserBody,
  ServiceAccountBody,
  ServiceAccountList,
  ServiceAccountMade,
  ServiceAccountParams,
  ServiceTokenBody,
  ServiceTokenMade,
  ServiceTokenParams,
  TokenIssued,
} from "./service-account-schemas.ts";
import type { UseCases } from "./use-cases.ts";
import { callerOf } from "./verify-token.ts";

const tags = ["service accounts"];
/** A service account issues 200 tokens at once, then 20 a second. */
const ISSUE_COST = 10;

/** Adds the routes of service accounts, and the one by which they issue tokens. */
export function addServiceAccountRoutes(app: App, cases: UseCases): void {
  addAccounts(app, cases);
  addTokens(app, cases);
  app.post(
    "/api/v1/service/tokens",
    {
      config: { allowed: "tokens:issue", cost: ISSUE_COST },
      schema: {
        tags,
        security,
        summary: "an access token for your application's own user, who is made if new (scope tokens:issue)",
        body: OwnUserBody,
        response: { 200: TokenIssued, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request, reply) => {
      const { token, expiresInSeconds, user } = await cases.issueToken(callerOf(request), request.body);
      reply.header("cache-control", "no-store");
      return { data: { token, expiresIn: expiresInSeconds, user } };
    },
  );
}

function addAccounts(app: App, { serviceAccounts }: UseCases): void {
  app.post(
    "/api/v1/service-accounts",
    {
      config: { allowed: "admins" },
      schema: {
        tags,
        security,
        summary: "make a service account with a token (admins)",
        body: ServiceAccountBody,
        response: { 201: ServiceAccountMade, ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const made = await serviceAccounts.create(callerOf(request), request.body);
      return reply.code(201).header("cache-control", "no-store").send({ data: made });
    },
  );
  app.get(
    "/api/v1/service-accounts",
    {
      config: { allowed: "admins" },
      schema: {
        tags,
        security,
        summary: "all service accounts and their open tokens, newest first (admins)",
        response: { 200: ServiceAccountList, ...problems(401, 403, 503) },
      },
    },
    async () => ({ data: await serviceAccounts.list() }),
  );
  app.delete(
    "/api/v1/service-accounts/:id",
    {
      config: { allowed: "admins" },
      schema: {
        tags,
        security,
        summary: "remove a service account: its tokens are revoked, its name stays taken (admins)",
        params: ServiceAccountParams,
        response: { 200: SessionRevoked, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      await serviceAccounts.remove(callerOf(request), request.params.id);
      return { data: { revoked: true as const } };
    },
  );
}

function addTokens(app: App, { serviceAccounts }: UseCases): void {
  app.post(
    "/api/v1/service-accounts/:id/tokens",
    {
      config: { allowed: "admins" },
      schema: {
        tags,
        security,
        summary: "another token of a service account, to replace one without a pause (admins)",
        params: ServiceAccountParams,
        body: ServiceTokenBody,
        response: { 201: ServiceTokenMade, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const made = await serviceAccounts.addToken(callerOf(request), id, request.body?.expiresInDays);
      return reply.code(201).header("cache-control", "no-store").send({ data: made });
    },
  );
  app.delete(
    "/api/v1/service-accounts/:id/tokens/:token",
    {
      config: { allowed: "admins" },
      schema: {
        tags,
        security,
        summary: "revoke one token of a service account (admins)",
        params: ServiceTokenParams,
        response: { 200: SessionRevoked, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { id, token } = request.params;
      await serviceAccounts.removeToken(callerOf(request), id, token);
      return { data: { revoked: true as const } };
    },
  );
}
