import { bearerToken } from "@parley/identity/authenticate";
import type { App } from "@parley/runtime/http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Static } from "typebox";
import { LoggedIn, LoggedOut, LoginBody, problems, RefreshBody } from "./http-schemas.ts";
import type { TokenPair } from "./refresh.ts";
import type { RefreshCookie } from "./refresh-cookie.ts";
import type { UseCases } from "./use-cases.ts";

const tags = ["login"];
/** What an attempt costs beside the hash, which has a queue and limits of its own: an address has 100 a second. */
export const PASSWORD_COST = 20;
type Answer = (
  reply: FastifyReply,
  pair: TokenPair,
  cookieOnly: boolean | undefined,
) => Static<typeof LoggedIn>;

/** The access token of a logout. A malformed header counts as none: the cookie may still name the session. */
function optionalToken({ headers }: FastifyRequest): string {
  try {
    return bearerToken(headers) ?? "";
  } catch {
    return "";
  }
}

/** Adds the routes that need no access token. */
export function addLoginRoutes(app: App, cases: UseCases, cookie: RefreshCookie): void {
  const answer: Answer = (reply, { token, refreshToken, expiresInSeconds, user }, cookieOnly = false) => {
    reply.header("cache-control", "no-store");
    cookie.set(reply, refreshToken);
    return {
      data: { token, ...(cookieOnly ? {} : { refreshToken }), expiresIn: expiresInSeconds, user },
    };
  };
  addLogin(app, cases, answer);
  addRefresh(app, cases, answer, cookie);
  app.post(
    "/api/v1/logout",
    {
      schema: {
        tags,
        summary: "revoke the session of the access token, of the refresh token, or of the cookie",
        body: RefreshBody,
        response: { 200: LoggedOut, ...problems(400, 401, 403, 503) },
      },
    },
    async (request, reply) => {
      cookie.clear(reply);
      const refreshToken = request.body?.refreshToken ?? cookie.read(request);
      await cases.logout({ token: optionalToken(request), refreshToken });
      return { data: { loggedOut: true as const } };
    },
  );
}

function addLogin(app: App, cases: UseCases, answer: Answer): void {
  app.post(
    "/api/v1/login",
    {
      config: { cost: PASSWORD_COST },
      schema: {
        tags,
        summary: "open a session",
        body: LoginBody,
        response: { 200: LoggedIn, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request, reply) => {
      const { username, password, cookieOnly } = request.body;
      const device = request.headers["user-agent"] ?? "";
      const pair = await cases.login({ username, password, address: request.ip, device });
      return reply.send(answer(reply, pair, cookieOnly));
    },
  );
}

function addRefresh(app: App, cases: UseCases, answer: Answer, cookie: RefreshCookie): void {
  app.post(
    "/api/v1/refresh",
    {
      schema: {
        tags,
        summary: "exchange a refresh token, from the body or from the cookie, for new tokens",
        body: RefreshBody,
        response: { 200: LoggedIn, ...problems(400, 401, 403, 503) },
      },
    },
    async (request, reply) => {
      const given = request.body?.refreshToken;
      const pair = await cases.refresh(given ?? cookie.read(request));
      // A browser that sent only the cookie does not need the token in the body.
      return reply.send(answer(reply, pair, request.body?.cookieOnly ?? given === undefined));
    },
  );
}
