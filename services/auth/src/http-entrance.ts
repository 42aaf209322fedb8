import type { App } from "@parley/runtime/http";
import { LoggedIn, LoginBody, problems, RegisterBody, Registered } from "./http-schemas.ts";
import type { UseCases } from "./use-cases.ts";

const tags = ["entrance"];

/** The routes that need no token. */
export function addEntrance(app: App, cases: UseCases): void {
  app.post(
    "/api/v1/register",
    {
      schema: {
        tags,
        summary: "make an account",
        body: RegisterBody,
        response: { 201: Registered, ...problems(400, 409, 429, 503) },
      },
    },
    async (request, reply) => {
      const { username, password, displayName = "" } = request.body;
      const user = await cases.register({ username, password, displayName, address: request.ip });
      return reply.code(201).send({ data: { ...user, user } });
    },
  );
  app.post(
    "/api/v1/login",
    {
      schema: {
        tags,
        summary: "open a session",
        body: LoginBody,
        response: { 200: LoggedIn, ...problems(400, 401, 429, 503) },
      },
    },
    async (request, reply) => {
      const { username, password } = request.body;
      const device = request.headers["user-agent"] ?? "";
      const { token, expiresInSeconds, user } = await cases.login({
        username,
        password,
        address: request.ip,
        device,
      });
      reply.header("cache-control", "no-store");
      return { data: { token, expiresIn: expiresInSeconds, user } };
    },
  );
}
