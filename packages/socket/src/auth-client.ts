import { credentials } from "@grpc/grpc-js";
import { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { Port } from "@parley/runtime/variables";
import { Type } from "typebox";

const KEEPALIVE_MS = 10_000;
const KEEPALIVE_DEADLINE_MS = 3_000;
const RECONNECT_MAX_MS = 2_000;
const ANSWER_BYTES_MAX = 64 * 1_024;

/** Variables of a client of auth. */
export const AuthClientVariables = {
  AUTH_ISSUER: Type.String({ default: "parley-auth", description: "issuer (iss) of access tokens" }),
  AUTH_AUDIENCE: Type.String({ default: "parley", description: "audience (aud) of access tokens" }),
  AUTH_GRPC_PORT: Port(50_051, "port of auth's gRPC on this machine"),
  AUTH_GRPC_URL: Type.Optional(
    Type.String({ description: "host:port of auth's gRPC; unset: AUTH_GRPC_PORT here" }),
  ),
} as const;

/** Where auth is: `AUTH_GRPC_URL`, or this machine's `AUTH_GRPC_PORT`. */
export function authUrl(config: { AUTH_GRPC_URL?: string; AUTH_GRPC_PORT: number }): string {
  return config.AUTH_GRPC_URL ?? `localhost:${config.AUTH_GRPC_PORT}`;
}

/** Connects to auth's gRPC; the connection is made when it is needed and made again when it is lost. */
export function connectAuth(url: string): AuthServiceClient {
  return new AuthServiceClient(url, credentials.createInsecure(), {
    "grpc.keepalive_time_ms": KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_DEADLINE_MS,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": RECONNECT_MAX_MS,
    "grpc.max_receive_message_length": ANSWER_BYTES_MAX,
  });
}

/** What a token must say to be for us. */
export function tokenRules(config: { AUTH_ISSUER: string; AUTH_AUDIENCE: string }) {
  return { issuer: config.AUTH_ISSUER, audience: config.AUTH_AUDIENCE };
}
