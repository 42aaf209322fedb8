import cookie from "@fastify/cookie";
import type { Check } from "@parley/runtime/health";
import { type App, buildHttp } from "@parley/runtime/http";
import type { Log } from "@parley/runtime/log";
import { addEntrance } from "./http-entrance.ts";
import { addOwnAccount } from "./http-own-account.ts";
import { addUsers } from "./http-users.ts";
import type { UseCases } from "./use-cases.ts";

const BODY_BYTES_MAX = 16_384;

type HttpSettings = Readonly<{
  allowedOrigins: readonly string[];
  trustProxy: boolean;
  /** Whether browsers may send the refresh cookie over TLS only. */
  secureCookies: boolean;
}>;

/** The HTTP face: a thin one over the same use cases as gRPC. It opens no port. */
export async function buildAuthHttp(
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
    bodyBytesMax: BODY_BYTES_MAX,
  });
  await app.register(cookie);
  addEntrance(app, cases, settings.secureCookies);
  addOwnAccount(app, cases);
  addUsers(app, cases);
  return app;
}
