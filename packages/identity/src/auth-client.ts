import { readFileSync } from "node:fs";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { Port } from "@parley/runtime/variables";
import { Type } from "typebox";
import type { TokenRules } from "./access-token.ts";
import { CredentialVariables, readCredentials, sendCredential } from "./service-credential.ts";

const KEEPALIVE_MS = 10_000;
const KEEPALIVE_DEADLINE_MS = 3_000;
const RECONNECT_MAX_MS = 2_000;
/** Largest message in either direction: 100 tokens of 4,096 characters; 500 revocations take 50 kB. */
const MESSAGE_BYTES_MAX = 448 * 1_024;
/** Calls that are safe to retry because they change nothing. */
const IDEMPOTENT_CALLS = ["VerifyToken", "VerifyTokens", "GetJwks", "GetUsers", "ListRevocations"];

/** Retries after a lost connection only, and none while most calls fail (gRFC A6). */
const SERVICE_CONFIG = {
  methodConfig: [
    {
      name: IDEMPOTENT_CALLS.map((method) => ({ service: "parley.auth.v1.AuthService", method })),
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.05s",
        maxBackoff: "0.2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
  retryThrottling: { maxTokens: 20, tokenRatio: 0.1 },
};

/** Variables of a client of auth. */
export const AuthClientVariables = {
  ...CredentialVariables,
  AUTH_ISSUER: Type.String({ default: "parley-auth", description: "issuer (iss) of access tokens" }),
  AUTH_AUDIENCE: Type.String({ default: "parley", description: "audience (aud) of access tokens" }),
  AUTH_GRPC_PORT: Port(50_051, "port of auth's gRPC on this machine"),
  AUTH_GRPC_URL: Type.Optional(
    Type.String({ description: "host:port of auth's gRPC; unset: AUTH_GRPC_PORT here" }),
  ),
  AUTH_TLS_CA: Type.Optional(
    Type.String({ description: "file with the CA certificate (PEM) of auth; unset: no TLS" }),
  ),
  AUTH_TLS_CERT: Type.Optional(
    Type.String({ description: "file with this service's client certificate (PEM), if auth requires one" }),
  ),
  AUTH_TLS_KEY: Type.Optional(
    Type.String({ description: "file with the private key (PEM) of AUTH_TLS_CERT" }),
  ),
} as const;

type TlsConfig = Readonly<{ AUTH_TLS_CA?: string; AUTH_TLS_CERT?: string; AUTH_TLS_KEY?: string }>;

type AuthConfig = TlsConfig &
  Readonly<{ NODE_ENV: string; AUTH_GRPC_TOKEN?: string; AUTH_GRPC_URL?: string; AUTH_GRPC_PORT: number }>;

/**
 * Makes the client of auth that the variables describe, at `AUTH_GRPC_URL` or `AUTH_GRPC_PORT` on this machine.
 *
 * @throws {ConfigError} in production without a credential or a client certificate.
 * @throws {Error} if a file cannot be read, or only some of the variables that go together are set.
 */
export function openAuth(config: AuthConfig): AuthServiceClient {
  const { NODE_ENV, AUTH_TLS_CERT, AUTH_GRPC_PORT, AUTH_GRPC_URL = `localhost:${AUTH_GRPC_PORT}` } = config;
  const isCredentialNeeded = NODE_ENV === "production" && AUTH_TLS_CERT === undefined;
  const [credential] = readCredentials(config, isCredentialNeeded);
  return connectAuth(AUTH_GRPC_URL, authCredentials(config), credential);
}

/**
 * Credentials of the connection to auth: none, TLS, or TLS with a client certificate (mTLS).
 *
 * @throws {Error} if a file cannot be read, or only some of the variables that go together are set.
 */
export function authCredentials(config: TlsConfig): ChannelCredentials {
  const { AUTH_TLS_CA: ca, AUTH_TLS_CERT: cert, AUTH_TLS_KEY: key } = config;
  if ((cert === undefined) !== (key === undefined) || (cert !== undefined && ca === undefined))
    throw new Error("AUTH_TLS_CERT and AUTH_TLS_KEY go together, and need AUTH_TLS_CA");
  if (ca === undefined) return credentials.createInsecure();
  const authority = readFileSync(ca);
  if (cert === undefined || key === undefined) return credentials.createSsl(authority);
  return credentials.createSsl(authority, readFileSync(key), readFileSync(cert));
}

/**
 * Makes a client of auth's gRPC. It connects on its first call and reconnects by itself. Calls that change nothing are
 * retried when the connection breaks; a login or a registration is not.
 */
export function connectAuth(
  url: string,
  channel = credentials.createInsecure(),
  credential?: string,
): AuthServiceClient {
  return new AuthServiceClient(url, channel, {
    interceptors: credential === undefined ? [] : [sendCredential(credential)],
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_DEADLINE_MS,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": RECONNECT_MAX_MS,
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
    "grpc.enable_retries": 1,
    "grpc.enable_channelz": 0,
    "grpc.service_config": JSON.stringify(SERVICE_CONFIG),
    // Otherwise each resolution also asks DNS for a TXT record with a configuration.
    "grpc.service_config_disable_resolution": 1,
  });
}

/** The issuer and audience that a token must have. */
export function tokenRules(config: { AUTH_ISSUER: string; AUTH_AUDIENCE: string }): TokenRules {
  return { issuer: config.AUTH_ISSUER, audience: config.AUTH_AUDIENCE };
}
