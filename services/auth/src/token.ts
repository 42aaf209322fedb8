import { TOKEN_LENGTH_MAX } from "@parley/protocol/limits";
import { errors, jwtVerify, SignJWT } from "jose";
import { AuthError } from "./auth-error.ts";
import { ALGORITHM, type SigningKeys } from "./signing-keys.ts";
import { isId, type User } from "./users.ts";

/** The life of an access token, seconds. */
export const TOKEN_SECONDS = 900;
/** RFC 9068: says that a JWT is an access token and nothing else. */
export const TOKEN_TYPE = "at+jwt";

/** What a valid token says. Whether its session is still open is another question. */
export type TokenClaims = Readonly<{ userId: string; sessionId: string; expiresAt: Date }>;

/** Signs access tokens and judges them. */
export interface Tokens {
  sign(user: User, sessionId: string): Promise<string>;
  /** @throws {AuthError} `unauthenticated` if the token is not one of ours or not valid at this moment. */
  read(token: string): Promise<TokenClaims>;
}

const refuse = (reason: string) => new AuthError("unauthenticated", reason);

/** Tokens of one issuer for one audience. */
export function createTokens(keys: SigningKeys, issuer: string, audience: string): Tokens {
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
      try {
        const { payload } = await jwtVerify(
          token,
          async ({ kid }) => {
            const key = kid === undefined ? undefined : await keys.verifier(kid);
            if (!key) throw refuse("the token is signed with an unknown key");
            return key;
          },
          {
            algorithms: [ALGORITHM],
            issuer,
            audience,
            typ: TOKEN_TYPE,
            requiredClaims: ["sub", "sid", "jti", "iat", "exp"],
          },
        );
        const { sub, sid, exp } = payload;
        if (
          typeof sub !== "string" ||
          typeof sid !== "string" ||
          exp === undefined ||
          !isId(sub) ||
          !isId(sid)
        )
          throw refuse("this is not an access token");
        return { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1_000) };
      } catch (error) {
        if (error instanceof errors.JWTExpired) throw refuse("the token has expired");
        if (error instanceof errors.JOSEError) throw refuse("this is not an access token of ours");
        throw error;
      }
    },
  };
}
