import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { Problem } from "@parley/runtime/problem";

/** Every stable code of this service, with its gRPC and HTTP status. */
const CODES = {
  bad_frame: { grpc: status.INVALID_ARGUMENT, http: 400 },
  unauthenticated: { grpc: status.UNAUTHENTICATED, http: 401 },
  session_revoked: { grpc: status.UNAUTHENTICATED, http: 401 },
  wrong_password: { grpc: status.PERMISSION_DENIED, http: 403 },
  forbidden: { grpc: status.PERMISSION_DENIED, http: 403 },
  registration_closed: { grpc: status.PERMISSION_DENIED, http: 403 },
  invite_invalid: { grpc: status.PERMISSION_DENIED, http: 403 },
  quota_exceeded: { grpc: status.PERMISSION_DENIED, http: 403 },
  session_not_found: { grpc: status.NOT_FOUND, http: 404 },
  service_account_not_found: { grpc: status.NOT_FOUND, http: 404 },
  token_not_found: { grpc: status.NOT_FOUND, http: 404 },
  username_taken: { grpc: status.ALREADY_EXISTS, http: 409 },
  rate_limited: { grpc: status.RESOURCE_EXHAUSTED, http: 429 },
  unavailable: { grpc: status.UNAVAILABLE, http: 503 },
  internal: { grpc: status.INTERNAL, http: 500 },
} as const;

type AuthCode = keyof typeof CODES;
export const AUTH_CODES = Object.keys(CODES) as AuthCode[];

/** A refusal or a failure with a stable code, the same over gRPC and HTTP. */
export class AuthError extends Problem {
  override readonly name = "AuthError";
  declare readonly code: AuthCode;

  constructor(code: AuthCode, message: string, hints: { path?: string; retryAfterMs?: number } = {}) {
    super(CODES[code].http, code, message, hints);
  }
}

/**
 * The gRPC error of an AuthError, with the trailers `code`, `path` and `retry-after-ms`. Any other error becomes
 * INTERNAL without its message.
 */
export function toServiceError(error: unknown): ServiceError {
  const known = error instanceof AuthError ? error : new AuthError("internal", "internal error");
  const metadata = new Metadata();
  metadata.set("code", known.code);
  if (known.path !== undefined) metadata.set("path", known.path);
  if (known.retryAfterMs !== undefined) metadata.set("retry-after-ms", String(Math.ceil(known.retryAfterMs)));
  return Object.assign(new Error(known.message), {
    code: CODES[known.code].grpc,
    details: known.message,
    metadata,
  });
}
