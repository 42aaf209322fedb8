import { type KeyObject, verify } from "node:crypto";
import { AuthError } from "./auth-error.ts";
import { ALGORITHM } from "./signing-keys.ts";
import { isId } from "./users.ts";

/** RFC 9068: says that a JWT is an access token and nothing else. */
export const TOKEN_TYPE = "at+jwt";

/** What a valid token says. Whether its session is still open is another question. */
export type TokenClaims = Readonly<{ userId: string; sessionId: string; expiresAt: Date }>;

type TokenRules = Readonly<{
  issuer: string;
  audience: string;
  /** The public key of this name, or undefined if it is none of ours. */
  findKey: (kid: string) => KeyObject | undefined | Promise<KeyObject | undefined>;
}>;

/** A compact JWS (RFC 7515) in base64url without padding; an Ed25519 signature has 64 bytes. */
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]{86})$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

const refuse = (reason = "this is not an access token of ours") => new AuthError("unauthenticated", reason);

/** A part of a token as what it must be, an object. */
function decode(part: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(Buffer.from(part, "base64url")));
  } catch {
    throw refuse();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse();
  return value as Record<string, unknown>;
}

/** Only our own kind of header: one algorithm, one type, no extension that must be understood (`crit`). */
function readKid(header: Record<string, unknown>): string {
  const { alg, typ, kid, crit } = header;
  if (alg !== ALGORITHM || typ !== TOKEN_TYPE || typeof kid !== "string" || crit !== undefined)
    throw refuse();
  return kid;
}

/** RFC 7519 section 4.1; every claim that we write must be there. `now` is in seconds since the epoch. */
function readClaims(
  claims: Record<string, unknown>,
  { issuer, audience }: TokenRules,
  now: number,
): TokenClaims {
  const { iss, aud, sub, sid, jti, iat, exp, nbf } = claims;
  if (iss !== issuer || aud !== audience || typeof jti !== "string" || typeof iat !== "number")
    throw refuse();
  if (typeof exp !== "number" || (nbf !== undefined && !(typeof nbf === "number" && nbf <= now)))
    throw refuse();
  if (exp <= now) throw refuse("the token has expired");
  if (typeof sub !== "string" || typeof sid !== "string" || !isId(sub) || !isId(sid)) throw refuse();
  return { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1_000) };
}

/**
 * Judges an access token, as strictly as jose's `jwtVerify` with the same rules, which checks signatures through
 * WebCrypto in another thread: with Ed25519 the way there and back costs as much as the check. What is in a token is
 * believed only after its signature.
 *
 * @throws {AuthError} `unauthenticated` if it is not one of ours or not valid at this moment.
 */
export async function readToken(token: string, rules: TokenRules): Promise<TokenClaims> {
  const [, header, payload, signature] = COMPACT.exec(token) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) throw refuse();
  const key = await rules.findKey(readKid(decode(header)));
  if (!key) throw refuse("the token is signed with an unknown key");
  const signed = Buffer.from(`${header}.${payload}`, "latin1");
  if (!verify(null, signed, key, Buffer.from(signature, "base64url"))) throw refuse();
  return readClaims(decode(payload), rules, Math.floor(Date.now() / 1_000));
}
