import { TOKEN_LENGTH_MAX } from "@parley/protocol/limits";
import { SignJWT } from "jose";
import { AuthError } from "./auth-error.ts";
import { readToken, TOKEN_TYPE, type TokenClaims } from "./read-token.ts";
import { ALGORITHM, type SigningKeys } from "./signing-keys.ts";
import type { User } from "./users.ts";

/** The life of an access token, seconds. */
export const TOKEN_SECONDS = 900;

/** Signs access tokens and judges them. */
export interface Tokens {
  sign(user: User, sessionId: string): Promise<string>;
  /** @throws {AuthError} `unauthenticated` if the token is not one of ours or not valid at this moment. */
  read(token: string): Promise<TokenClaims>;
}

const refuse = (reason: string) => new AuthError("unauthenticated", reason);

/** Tokens of one issuer for one audience. */
export function createTokens(keys: SigningKeys, issuer: string, audience: string): Tokens {
  const rules = { issuer, audience, findKey: keys.verifier };
  return {
    sign(user, sessionId) {
      const { kid, key } = keys.signer();
      return new SignJWT({ sid: sessionId, username: user.username })
        .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE, kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(user.id)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_SECONDS}s`)
        .sign(key);
    },
    async read(token) {
      if (token === "") throw refuse("a token is needed");
      if (token.length > TOKEN_LENGTH_MAX) throw refuse("this is not an access token");
      return await readToken(token, rules);
    },
  };
}
