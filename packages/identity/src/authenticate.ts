import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "@parley/protocol/codes";
import type { Identity } from "./identity.ts";
import { refusalToProblem } from "./refusal-to-problem.ts";

/**
 * The token of an `Authorization: Bearer <token>` header (RFC 6750 section 2.1); undefined without the header.
 *
 * @throws {Refusal} `unauthenticated` if the header has another scheme or form.
 */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  if (authorization === undefined) return undefined;
  const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token !== undefined) return token;
  throw new Refusal("unauthenticated", "the Authorization header must be: Bearer <token>");
}

/**
 * Authenticates an HTTP request: resolves with what `verifyToken` answers for its bearer token.
 *
 * @throws {import("@parley/runtime/problem").Problem} 401 without a valid token, 503 while tokens cannot be verified.
 * @example
 * const { userId } = await authenticate(request, identities.verify);
 */
export async function authenticate<Caller>(
  request: Readonly<{ headers: IncomingHttpHeaders }>,
  verifyToken: (token: string) => Promise<Caller>,
): Promise<Caller> {
  try {
    const token = bearerToken(request.headers);
    if (token === undefined) throw new Refusal("unauthenticated", "send Authorization: Bearer <token>");
    return await verifyToken(token);
  } catch (error) {
    throw error instanceof Refusal ? refusalToProblem(error) : error;
  }
}

/** Who sent a request to a route with `security`, of an app that identifies by `authenticate`. */
export const identityOf = ({ caller }: Readonly<{ caller: unknown }>): Identity => caller as Identity;
