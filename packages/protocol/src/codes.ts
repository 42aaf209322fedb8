/** Every code that an `error` frame or a problem of the socket services may carry, with its HTTP status. */
export const ERROR_STATUS = {
  bad_json: 400,
  bad_frame: 400,
  unknown_type: 400,
  bad_encoding: 400,
  too_large: 413,
  unauthenticated: 401,
  forbidden: 403,
  not_a_member: 403,
  quota_exceeded: 403,
  blocked: 403,
  room_not_found: 404,
  message_not_found: 404,
  member_not_found: 404,
  user_not_found: 404,
  invite_invalid: 404,
  room_exists: 409,
  last_owner: 409,
  conflict: 409,
  rate_limited: 429,
  overloaded: 503,
  unavailable: 503,
} as const;

/** JSON Pointers to texts whose length is told in `hello`: a longer one is `too_large`, on sockets and by HTTP. */
export const TOO_LARGE_PATHS: readonly string[] = ["/body"];

export type ErrorCode = keyof typeof ERROR_STATUS;

/** WebSocket close codes (RFC 6455 section 7.4; 4000–4999 are ours). */
export const CLOSE = {
  goingAway: 1001,
  notUtf8: 1007,
  frameTooLarge: 1009,
  restarting: 1012,
  badFrames: 4400,
  unauthenticated: 4401,
  revoked: 4403,
  slow: 4408,
  tooMany: 4429,
  unavailable: 4503,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/**
 * An error that is sent to the client: an `error` frame on a socket, a problem over HTTP.
 *
 * @example throw new Refusal("rate_limited", "too many messages", { retryAfterMs: 500 })
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, hints: { path?: string; retryAfterMs?: number } = {}) {
    super(message);
    this.code = code;
    this.path = hints.path;
    this.retryAfterMs = hints.retryAfterMs;
  }
}
