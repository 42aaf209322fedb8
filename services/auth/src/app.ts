import cookie from "@fastify/cookie";
import { authenticate } from "@parley/identity/authenticate";
import type { Check } from "@parley/runtime/health";
import { type App, buildHttp } from "@parley/runtime/http";
import type { Limits } from "@parley/runtime/limits";
import type { Log } from "@parley/runtime/log";
import type { Metrics } from "@parley/runtime/metrics";
import type { TrustProxy } from "@parley/runtime/trust-proxy";
import { addAccountRoutes } from "./account-routes.ts";
import { checkOrigin } from "./check-origin.ts";
import { addLeaveRoutes } from "./leave-routes.ts";
import { addLoginRoutes } from "./login-routes.ts";
import { createRefreshCookie } from "./refresh-cookie.ts";
import type { RegistrationMode } from "./registration.ts";
import { addRegistrationRoutes } from "./registration-routes.ts";
import { demandRight } from "./rights.ts";
import { addServiceAccountRoutes } from "./service-account-routes.ts";
import type { UseCases } from "./use-cases.ts";
import { addUserRoutes } from "./user-routes.ts";

const BODY_BYTES_MAX = 16_384;

/**
 * Cost of a route, in units of packages/runtime/src/work.ts: each looks its session up in Postgres, and does a statement
 * more. Passwords are hashed by a process of their own, which has limits of its own.
 */
const ROUTE_COST = 6;

type HttpSettings = Readonly<{
  allowedOrigins: readonly string[];
  trustProxy: TrustProxy;
  limits: Limits;
  registration: RegistrationMode;
  /** Path under which an edge serves this service; the refresh cookie is for that path. */
  publicPrefix: string;
  /** Whether browsers may send the refresh cookie over TLS only. */
  secureCookies: boolean;
  metrics: Metrics;
}>;

/** Builds the HTTP API: the same use cases as gRPC. It opens no port. */
export async function buildApp(
  cases: UseCases,
  checks: Readonly<Record<string, Check>>,
  settings: HttpSettings,
  log: Log,
): Promise<App> {
  const app = await buildHttp({
    service: "auth",
    title: "Parley auth",
    description: "Accounts, sessions and tokens. The same functions as gRPC parley.auth.v1.AuthService.",
    log,
    checks,
    ...settings,
    authenticate: async (request) => {
      const caller = await authenticate(request, cases.verifyToken);
      demandRight(caller, request.routeOptions.config.allowed);
      return { ...caller, userId: caller.user.id };
    },
    bodyBytesMax: BODY_BYTES_MAX,
  });
  app.addHook("onRoute", (route) => {
    route.config = { cost: ROUTE_COST, ...route.config };
  });
  await app.register(cookie);
  // After the limits of a route, unlike a hook of `onRequest`.
  app.addHook("preParsing", async (request) => checkOrigin(request, settings.allowedOrigins));
  const refreshCookie = createRefreshCookie(app.publicPrefix, settings.secureCookies);
  addLoginRoutes(app, cases, refreshCookie);
  addRegistrationRoutes(app, cases, settings.registration);
  addAccountRoutes(app, cases);
  addLeaveRoutes(app, cases, refreshCookie);
  addUserRoutes(app, cases);
  addServiceAccountRoutes(app, cases);
  return app;
}
