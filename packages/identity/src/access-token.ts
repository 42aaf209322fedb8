import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { TOKEN_LENGTH_MAX } from "@parley/protocol/limits";
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";

/**
 * The algorithms of access tokens (RFC 7518, RFC 8037): RSA with SHA-256, whose signature costs a sixth to check, and
 * Ed25519 (docs/decisions/0012). A token has that of its key.
 */
export const TOKEN_ALGORITHMS = ["RS256", "EdDSA"] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];
/** Length of an RSA key, bits: NIST SP 800-57 takes 2,048 as enough until 2030. */
export const RSA_BITS = 2_048;
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
 * A compact JWS (RFC 7515) with a signature of 64 or 256 bytes: base64url without padding, which jose's decoder would let
 * through, as it would other values of the 4 bits of the last character that no byte of the signature has: a token has one
 * form only.
 */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+[AQgw]$/;
/** Lengths of the signatures in base64url, characters. */
const SIGNATURE_LENGTHS = [86, 342];

/** Whether a text has the form of an access token; what has not is refused without any work. */
export const isAccessTokenForm = (text: string): boolean =>
  text.length <= TOKEN_LENGTH_MAX &&
  SIGNATURE_LENGTHS.includes(text.length - 1 - text.lastIndexOf(".")) &&
  COMPACT_JWS.test(text);

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
 * The algorithm of the tokens that a key signs.
 *
 * @throws {Error} if it is neither an Ed25519 key nor an RSA key of 2,048 bits.
 */
export function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): TokenAlgorithm {
  if (asymmetricKeyType === "ed25519") return "EdDSA";
  if (asymmetricKeyType === "rsa" && asymmetricKeyDetails?.modulusLength === RSA_BITS) return "RS256";
  throw new Error(`a key of access tokens must be an Ed25519 key or an RSA key of ${RSA_BITS} bits`);
}

/**
 * Imports a public key of a JSON Web Key Set (RFC 7517); of a private key its public part.
 *
 * @throws {Error} if it is not a key of access tokens.
 */
export function importPublicKey(jwk: JsonWebKey): KeyObject {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  algorithmOf(key);
  return key;
}

/**
 * Verifies an access token with jose: signature, algorithm, type, issuer, audience and times, and that every claim which
 * auth writes is there. The type is fixed and the key says the algorithm; the token chooses neither (docs/decisions/0012).
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
  const keyOf = async ({ kid, typ, crit, alg }: JWTHeaderParameters) => {
    if (typeof kid !== "string" || typ !== TOKEN_TYPE || crit !== undefined)
      throw new InvalidTokenError("malformed");
    const key = await findKey(kid);
    if (!key) throw new InvalidTokenError("unknown_key");
    if (alg !== algorithmOf(key)) throw new InvalidTokenError("malformed");
    return key;
  };
  try {
    const rules = { algorithms: [...TOKEN_ALGORITHMS], issuer, audience, requiredClaims: REQUIRED_CLAIMS };
    const { payload } = await jwtVerify(token, keyOf, rules);
    return claimsOf(payload, audience);
  } catch (error) {
    throw translate(error);
  }
}
