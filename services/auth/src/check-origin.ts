import type { FastifyRequest } from "fastify";
import { AuthError } from "./auth-error.ts";

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/**
 * Checks the `Origin` of a request that brings a cookie and changes something: a browser sends the cookie for a page of any
 * origin (RFC 6454), and without a body no preflight asks before.
 *
 * @throws {AuthError} `forbidden` if there is an origin that is neither on `allowed` nor the service's own.
 */
export function checkOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const { origin, cookie } = request.headers;
  if (origin === undefined || cookie === undefined || SAFE_METHODS.includes(request.method)) return;
  if (allowed.includes(origin) || origin === `${request.protocol}://${request.host}`) return;
  throw new AuthError(
    "forbidden",
    "pages of this origin may not use cookies here: it is not on ALLOWED_ORIGINS",
  );
}
