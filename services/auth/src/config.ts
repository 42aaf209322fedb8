import { CredentialVariables } from "@parley/identity/service-credential";
import { ConfigError, readConfig } from "@parley/runtime/config";
import { LimitVariables, readLimits } from "@parley/runtime/limits";
import {
  NatsVariables,
  OriginVariables,
  Port,
  PostgresVariables,
  ServicePorts,
  ServiceVariables,
} from "@parley/runtime/variables";
import { type Static, Type } from "typebox";
import type { TlsFiles } from "./grpc-tls.ts";
import { RegistrationMode } from "./registration.ts";
import { reservedReason } from "./reserved-username.ts";
import { isUsername } from "./users.ts";

/** Every environment variable that services/auth reads. */
export const AuthConfig = Type.Object({
  ...ServiceVariables,
  ...PostgresVariables,
  ...NatsVariables,
  ...CredentialVariables,
  AUTH_GRPC_HOST: Type.String({
    default: "127.0.0.1",
    description: "address that auth's gRPC listens on; another than loopback needs AUTH_GRPC_TOKEN",
  }),
  AUTH_GRPC_PORT: Port(50_051, "gRPC port of auth"),
  AUTH_HTTP_PORT: ServicePorts.AUTH_HTTP_PORT,
  AUTH_METRICS_PORT: Port(9080, "port of auth for operators: metrics and the detail of its health"),
  AUTH_ISSUER: Type.String({ default: "parley-auth", description: "issuer (iss) of access tokens" }),
  AUTH_AUDIENCE: Type.String({ default: "parley", description: "audience (aud) of access tokens" }),
  AUTH_SESSION_DAYS: Type.Integer({
    minimum: 1,
    maximum: 3650,
    default: 30,
    description: "days without a refresh after which a session expires",
  }),
  SESSIONS_PER_USER_MAX: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 100,
    description: "open sessions of one user; over it the one that was used least recently is revoked",
  }),
  REGISTRATION: RegistrationMode,
  ADMIN_USERNAME: Type.Optional(
    Type.String({ description: "username of an admin: who has it, or registers it" }),
  ),
  SERVICE_ACCOUNTS_MAX: Type.Integer({
    minimum: 0,
    maximum: 1_000,
    default: 100,
    description: "service accounts",
  }),
  SERVICE_TOKENS_MAX: Type.Integer({
    minimum: 1,
    maximum: 20,
    default: 5,
    description: "open tokens of one service account",
  }),
  AUTH_TLS_CERT: Type.Optional(
    Type.String({ description: "file with the certificate of auth's gRPC (PEM); unset: no TLS" }),
  ),
  AUTH_TLS_KEY: Type.Optional(Type.String({ description: "file with the key of AUTH_TLS_CERT (PEM)" })),
  AUTH_TLS_CA: Type.Optional(
    Type.String({
      description: "file with the CA certificate (PEM) of gRPC clients; set: each client needs a certificate",
    }),
  ),
  ...OriginVariables,
  ...LimitVariables,
});

export type AuthConfig = Static<typeof AuthConfig>;

/**
 * Reads the configuration of services/auth.
 *
 * @throws {ConfigError} if a variable breaks its rule, limits are off in production, nobody can have the name of
 * `ADMIN_USERNAME`, or only some of the TLS variables that go together are set.
 */
export function readAuthConfig(env: NodeJS.ProcessEnv): AuthConfig {
  const config = readConfig(AuthConfig, env);
  readLimits(config);
  const { ADMIN_USERNAME: admin } = config;
  if (admin !== undefined && (!isUsername(admin) || reservedReason(admin) !== undefined))
    throw new ConfigError("configuration: ADMIN_USERNAME must be a username that is not reserved");
  const { AUTH_TLS_CERT: cert, AUTH_TLS_KEY: key, AUTH_TLS_CA: ca } = config;
  if ((cert === undefined) !== (key === undefined) || (ca !== undefined && cert === undefined))
    throw new ConfigError(
      "configuration: AUTH_TLS_CERT and AUTH_TLS_KEY go together, AUTH_TLS_CA needs both",
    );
  return config;
}

/** The files of the gRPC server's TLS; undefined without TLS. */
export function tlsFiles(config: AuthConfig): TlsFiles | undefined {
  const { AUTH_TLS_CERT: cert, AUTH_TLS_KEY: key, AUTH_TLS_CA: ca } = config;
  return cert === undefined || key === undefined ? undefined : { cert, key, ca };
}
