import type { App } from "@parley/runtime/http";
import { REQUEST_COST } from "@parley/runtime/work";
import { problems, RegisterBody, Registered, RegistrationAnswer } from "./http-schemas.ts";
import { PASSWORD_COST } from "./login-routes.ts";
import type { RegistrationMode } from "./registration.ts";
import type { UseCases } from "./use-cases.ts";

const tags = ["login"];

/** Adds the routes by which somebody registers, or learns whether that is possible. */
export function addRegistrationRoutes(app: App, cases: UseCases, mode: RegistrationMode): void {
  app.get(
    "/api/v1/registration",
    {
      config: { cost: REQUEST_COST },
      schema: {
        tags,
        summary: "who may register here",
        response: { 200: RegistrationAnswer, ...problems() },
      },
    },
    async () => ({ data: { mode } }),
  );
  app.post(
    "/api/v1/register",
    {
      config: { cost: PASSWORD_COST },
      schema: {
        tags,
        summary: "create an account",
        body: RegisterBody,
        response: { 201: Registered, ...problems(400, 403, 409, 429, 503) },
      },
    },
    async (request, reply) => {
      const { username, password, displayName = "", invite = "" } = request.body;
      const user = await cases.register({ username, password, displayName, invite, address: request.ip });
      return reply.code(201).send({ data: { ...user, user } });
    },
  );
}
