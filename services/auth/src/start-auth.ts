import type { Check } from "@parley/runtime/health";
import type { ServiceContext } from "@parley/runtime/service";
import { databaseUrl } from "@parley/runtime/variables";
import { type AuthConfig, splitOrigins } from "./config.ts";
import { openAuthDatabase } from "./database.ts";
import { startHasher } from "./hasher.ts";
import { buildAuthHttp } from "./http.ts";
import { createLimits, createNoLimits } from "./limits.ts";
import { createLogin } from "./login.ts";
import { createRegister } from "./register.ts";
import { startGrpc } from "./server.ts";
import { createSessions } from "./sessions.ts";
import { openSigningKeys } from "./signing-keys.ts";
import { createTokens } from "./token.ts";
import { createGetUsers, type UseCases } from "./use-cases.ts";
import { createUsers } from "./users.ts";
import { createVerifyToken } from "./verify-token.ts";

/** Where a started service listens. */
export type Addresses = Readonly<{ grpcPort: number; httpPort: number }>;

/**
 * Starts both faces and answers where they listen. Whatever it opened is closed through the context.
 *
 * @throws {Error} if Postgres does not answer or a port is taken.
 */
export async function startAuth(config: AuthConfig, { log, onClose }: ServiceContext): Promise<Addresses> {
  const database = openAuthDatabase(databaseUrl(config));
  onClose(() => database.close());
  const keys = await openSigningKeys(database, log);
  onClose(() => keys.close());
  const hasher = startHasher(log);
  onClose(() => hasher.close());
  const users = createUsers(database);
  const sessions = createSessions(database, config.AUTH_SESSION_DAYS);
  const tokens = createTokens(keys, config.AUTH_ISSUER, config.AUTH_AUDIENCE);
  const limits = config.RATE_LIMITS === "on" ? createLimits() : createNoLimits();
  const cases: UseCases = {
    register: createRegister(users, hasher, limits),
    login: createLogin({ users, sessions, tokens, hasher, limits }),
    verifyToken: createVerifyToken(tokens, sessions),
    getUsers: createGetUsers(users),
    getJwks: () => keys.jwks(),
  };
  const checks: Record<string, Check> = {
    postgres: () => database.query("select 1"),
    passwords: () => hasher.check(),
  };
  const grpc = await startGrpc(cases, checks, { host: config.HOST, port: config.AUTH_GRPC_PORT }, log);
  onClose(() => grpc.close());
  const settings = { allowedOrigins: splitOrigins(config.ALLOWED_ORIGINS), trustProxy: config.TRUST_PROXY };
  const app = await buildAuthHttp(cases, checks, settings, log);
  onClose(() => app.close());
  await app.listen({ host: config.HOST, port: config.AUTH_HTTP_PORT });
  const bound = app.server.address();
  const httpPort = bound !== null && typeof bound === "object" ? bound.port : config.AUTH_HTTP_PORT;
  log.info({ grpcPort: grpc.port, httpPort }, "auth listens");
  return { grpcPort: grpc.port, httpPort };
}
