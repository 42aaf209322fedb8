/** Codes that a server may send. */
export type ServerCode =
  | "bad_json"
  | "bad_frame"
  | "unknown_type"
  | "bad_encoding"
  | "too_large"
  | "unauthenticated"
  | "forbidden"
  | "not_a_member"
  | "room_not_found"
  | "message_not_found"
  | "member_not_found"
  | "user_not_found"
  | "room_exists"
  | "last_owner"
  | "conflict"
  | "blocked"
  | "quota_exceeded"
  | "invite_invalid"
  | "rate_limited"
  | "overloaded"
  | "unavailable"
  | "username_taken"
  | "registration_closed"
  | "wrong_password"
  | "session_not_found"
  | "session_revoked"
  | "service_account_not_found"
  | "token_not_found"
  | "internal";
/** Codes of faults that the client finds itself. */
export type ClientCode =
  | "network"
  | "timeout"
  | "aborted"
  | "expired"
  | "discarded"
  | "signed_out"
  | "closed";
/** Stable name of a fault. A newer server may send codes that are not listed, so any string is accepted. */
export type ErrorCode = ServerCode | ClientCode | (string & {});

/** Codes after which the same request may succeed later. */
const RETRYABLE = /^(rate_limited|conflict|overloaded|unavailable|network|timeout)$/;

/** What is known of a fault besides its code and message. */
export type ErrorHints = Readonly<{ retryAfterMs?: number; path?: string; cause?: unknown }>;

/** Every error that this package throws, rejects with or keeps as a state. `code` is stable, `message` is not. */
export class ParleyError extends Error {
  declare readonly code: ErrorCode;
  /** Whether the same request may succeed later. */
  declare readonly isRetryable: boolean;
  /** Shortest time before another attempt, ms. */
  declare readonly retryAfterMs?: number;
  /** JSON Pointer to the field that was refused. */
  declare readonly path?: string;

  constructor(code: ErrorCode, message = code.replaceAll("_", " "), hints: ErrorHints = {}) {
    super(message);
    Object.assign(this, { name: "ParleyError", code, isRetryable: RETRYABLE.test(code), ...hints });
  }
}

/** The error that an `error` frame or an RFC 9457 problem describes. */
export function errorOf(
  refusal: Readonly<Record<string, unknown>>,
  fallback: ErrorCode = "unavailable",
): ParleyError {
  const { code = fallback, message, detail, retryAfterMs, path } = refusal;
  const text = message ?? detail;
  return new ParleyError(String(code), text as string, { retryAfterMs, path } as ErrorHints);
}

/** Codes of errors of the platform, by their names. */
const FAULTS: Readonly<Record<string, ClientCode>> = { AbortError: "aborted", TimeoutError: "timeout" };

/** Any thrown value as a ParleyError; what is none yet becomes `network`, or `aborted` for an aborted signal. */
export function toError(thrown: unknown): ParleyError {
  if (thrown instanceof ParleyError) return thrown;
  const { name, message, code: told } = (thrown ?? {}) as { name?: string; message?: string; code?: unknown };
  // Errors that came from another tab are plain, with their code.
  const isCode = typeof told === "string" && /^[a-z_]+$/.test(told);
  const code = isCode ? told : (FAULTS[name ?? ""] ?? "network");
  return new ParleyError(code, message ?? String(thrown), { cause: thrown });
}
