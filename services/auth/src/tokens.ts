import {
  InvalidTokenError,
  TOKEN_TYPE,
  type TokenClaims,
  verifyAccessToken,
} from "@parley/identity/access-token";
import { SignJWT } from "jose";
import { AuthError } from "./auth-error.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { isId, type User } from "./users.ts";

/** Lifetime of an access token, seconds. */
export const TOKEN_SECONDS = 900;

/** Signs and verifies access tokens. */
export interface Tokens {
  sign(user: User, sessionId: string): Promise<string>;
  /**
   * Verifies a token. It does not look up whether the session is still open.
   *
   * @throws {AuthError} `unauthenticated` if the token was not issued here or is not valid now, `unavailable` if its
   * key must be read from Postgres and Postgres does not answer.
   */
  verify(token: string): Promise<TokenClaims>;
}

const refuse = (reason: string) => new AuthError("unauthenticated", reason);

/** Creates the tokens of one issuer for one audience. */
export function createTokens(keys: SigningKeys, issuer: string, audience: string): Tokens {
  return {
    sign(user, sessionId) {
      const { kid, key, alg } = keys.signer();
      return new SignJWT({ sid: sessionId, username: user.username })
        .setProtectedHeader({ alg, typ: TOKEN_TYPE, kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(user.id)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_SECONDS}s`)
        .sign(key);
    },
    async verify(token) {
      if (token === "") throw refuse("an access token is required");
      try {
        const claims = await verifyAccessToken(token, keys.verifier, { issuer, audience });
        if (isId(claims.userId) && isId(claims.sessionId)) return claims;
      } catch (error) {
        if (!(error instanceof InvalidTokenError)) throw error;
        if (error.code === "expired") throw refuse("the token has expired");
      }
      throw refuse("the token is not valid");
    },
  };
}
