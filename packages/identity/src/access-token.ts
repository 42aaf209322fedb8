import { createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";

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

type JsonObject = Readonly<Record<string, unknown>>;

/** A compact JWS (RFC 7515): base64url without padding; an Ed25519 signature has 64 bytes. */
const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.([\w-]{86})$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

function decodeObject(base64url: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(Buffer.from(base64url, "base64url")));
  } catch {
    throw new InvalidTokenError("malformed");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new InvalidTokenError("malformed");
}

/** The key id of a header that has the one algorithm and type, and no critical extension (`crit`). */
function keyIdOf({ alg, typ, kid, crit }: JsonObject): string {
  if (alg === TOKEN_ALGORITHM && typ === TOKEN_TYPE && typeof kid === "string" && crit === undefined)
    return kid;
  throw new InvalidTokenError("malformed");
}

/** Checks the claims (RFC 7519 section 4.1); all that auth writes are required. `now` is seconds since the epoch. */
function checkClaims(claims: JsonObject, { issuer, audience }: TokenRules, now: number): TokenClaims {
  const { iss, aud, sub, sid, jti, iat, exp, nbf, username } = claims;
  const isIssued = iss === issuer && aud === audience && typeof jti === "string" && typeof iat === "number";
  const isStarted = nbf === undefined || (typeof nbf === "number" && nbf <= now);
  if (!isIssued || !isStarted || typeof exp !== "number") throw new InvalidTokenError("wrong_claims");
  if (exp <= now) throw new InvalidTokenError("expired");
  if (typeof sub !== "string" || typeof sid !== "string" || typeof username !== "string")
    throw new InvalidTokenError("wrong_claims");
  return { userId: sub, username, sessionId: sid, expiresAt: new Date(exp * 1_000) };
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
 * Verifies an access token: signature, algorithm, type, issuer, audience and times. It is as strict as jose's
 * `jwtVerify` or stricter, and checks the signature in this thread (docs/decisions/0012-tokens.md). No claim counts
 * before the signature is verified.
 *
 * @throws {InvalidTokenError} if the token is not valid now; what `findKey` throws is passed on.
 * @example
 * const { userId } = await verifyAccessToken(token, (kid) => keys.get(kid), { issuer, audience });
 */
export async function verifyAccessToken(
  token: string,
  findKey: FindKey,
  rules: TokenRules,
): Promise<TokenClaims> {
  const [, header, payload, signature] = COMPACT_JWS.exec(token) ?? [];
  if (header === undefined || payload === undefined || signature === undefined)
    throw new InvalidTokenError("malformed");
  const key = await findKey(keyIdOf(decodeObject(header)));
  if (!key) throw new InvalidTokenError("unknown_key");
  const signed = Buffer.from(`${header}.${payload}`, "latin1");
  if (!verify(null, signed, key, Buffer.from(signature, "base64url")))
    throw new InvalidTokenError("bad_signature");
  return checkClaims(decodeObject(payload), rules, Math.floor(Date.now() / 1_000));
}
