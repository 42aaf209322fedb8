import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { TOKEN_LENGTH_MAX } from "@parley/protocol/limits";
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";

/** The only signature algorithm: Ed25519 (RFC 8037). */
export const TOKEN_ALGORITHM = "EdDSA";
/** The header `typ` that marks a JWT as an access token (RFC 9068 section 2.1). */
export const TOKEN_TYPE = "at+jwt";

/** The `iss` and `aud` that a token must have. */
export type TokenRules = Readonly<{ issuer: string; audience: string }>;

/** The claims of a valid token. They do not say whether its session is still open. */
export type TokenClaims = Readonly<{ userId: string; username: string; sessionId: string; expiresAt: Date }>;

/** Finds the public key with an id (`kid`); undefined if there is none. */
type FindKey = (kid: string) => KeyObject | undefined | Promise<KeyObject | undefined>;

/** A token that is not valid, and why. */
export class InvalidTokenError extends Error {
  override readonly name = "InvalidTokenError";
  readonly code: "malformed" | "unknown_key" | "bad_signature" | "wrong_claims" | "expired";

  constructor(code: InvalidTokenError["code"]) {
    super(`the access token is not valid: ${code}`);
    this.code = code;
  }
}

/** Claims that auth writes into each token; none may be missing. */
const REQUIRED_CLAIMS = ["sub", "sid", "jti", "iat", "exp", "username"];

/**
 * A compact JWS (RFC 7515): base64url without padding, which jose's decoder would let through, as it would other values of
 * the 4 bits of the last character that no byte of the signature has: a token has one form only.
 */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/;

/** Whether a text has the form of an access token; what has not is refused without any work. */
export const isAccessTokenForm = (text: string): boolean =>
  text.length <= TOKEN_LENGTH_MAX && COMPACT_JWS.test(text);

/** The claims in their types. jose has compared the issuer and the times; `aud` must be one text. */
function claimsOf({ aud, sub, sid, jti, exp, username }: JWTPayload, audience: string): TokenClaims {
  const isText = typeof sub === "string" && typeof sid === "string" && typeof username === "string";
  if (!isText || typeof jti !== "string" || typeof exp !== "number" || aud !== audience)
    throw new InvalidTokenError("wrong_claims");
  return { userId: sub, username, sessionId: sid, expiresAt: new Date(exp * 1_000) };
}

/** What jose found wrong, in our words; faults that are not of the token are passed on. */
function translate(error: unknown): unknown {
  if (!(error instanceof errors.JOSEError)) return error;
  if (error instanceof errors.JWTExpired) return new InvalidTokenError("expired");
  if (error instanceof errors.JWTClaimValidationFailed) return new InvalidTokenError("wrong_claims");
  if (error instanceof errors.JWSSignatureVerificationFailed) return new InvalidTokenError("bad_signature");
  return new InvalidTokenError("malformed");
}

/**
 * Imports a public key of a JSON Web Key Set (RFC 7517).
 *
 * @throws {Error} if it is not an Ed25519 key.
 */
export function importPublicKey(jwk: JsonWebKey): KeyObject {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  if (key.asymmetricKeyType !== "ed25519") throw new Error("a key of access tokens must be an Ed25519 key");
  return key;
}

/**
 * Verifies an access token with jose: signature, algorithm, type, issuer, audience and times, and that every claim which
 * auth writes is there. The algorithm and the type are fixed; the token does not choose them (docs/decisions/0012).
 *
 * @throws {InvalidTokenError} if the token is not valid now; what `findKey` throws is passed on.
 * @example
 * const { userId } = await verifyAccessToken(token, (kid) => keys.get(kid), { issuer, audience });
 */
export async function verifyAccessToken(
  token: string,
  findKey: FindKey,
  { issuer, audience }: TokenRules,
): Promise<TokenClaims> {
  if (!isAccessTokenForm(token)) throw new InvalidTokenError("malformed");
  const keyOf = async ({ kid, typ, crit }: JWTHeaderParameters) => {
    if (typeof kid !== "string" || typ !== TOKEN_TYPE || crit !== undefined)
      throw new InvalidTokenError("malformed");
    const key = await findKey(kid);
    if (!key) throw new InvalidTokenError("unknown_key");
    return key;
  };
  try {
    const rules = { algorithms: [TOKEN_ALGORITHM], issuer, audience, requiredClaims: REQUIRED_CLAIMS };
    const { payload } = await jwtVerify(token, keyOf, rules);
    return claimsOf(payload, audience);
  } catch (error) {
    throw translate(error);
  }
}
