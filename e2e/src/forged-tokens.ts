import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** Auth's signing key, as stored in its database. */
export type Signing = Readonly<{ kid: string; privateKey: KeyObject; publicKey: KeyObject; x: string }>;
export type Claims = Readonly<Record<string, unknown>>;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signs a header and claims with Ed25519, without any check. */
function signToken(header: object, claims: Claims, key: KeyObject): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
}

/**
 * Tokens that must be refused everywhere, by what is wrong with them. `good` is a valid token and `claims` are its
 * claims. Tokens with wrong claims are signed with auth's own key, so that nothing else is wrong.
 */
export function forgeTokens(signing: Signing, good: string, claims: Claims): Record<string, string> {
  const now = Math.floor(Date.now() / 1_000);
  const header = { alg: "EdDSA", typ: "at+jwt", kid: signing.kid };
  const said = (more: object) => signToken(header, { ...claims, ...more }, signing.privateKey);
  const headed = (more: object, key = signing.privateKey) => signToken({ ...header, ...more }, claims, key);
  const other = generateKeyPairSync("ed25519");
  const otherJwk = other.publicKey.export({ format: "jwk" });
  const [head = "", body = "", signature = ""] = good.split(".");
  return {
    expired: said({ iat: now - 1_000, exp: now - 1 }),
    "expired long ago": said({ iat: now - 100_000, exp: now - 99_000 }),
    "not yet valid": said({ nbf: now + 600 }),
    "no expiry": said({ exp: undefined }),
    "an expiry that is text": said({ exp: String(now + 600) }),
    "another audience": said({ aud: "another" }),
    "a list of other audiences": said({ aud: ["another", "parley2"] }),
    "no audience": said({ aud: undefined }),
    "another issuer": said({ iss: "another" }),
    "no issuer": said({ iss: undefined }),
    "no subject": said({ sub: undefined }),
    "no session": said({ sid: undefined }),
    "typ JWT": headed({ typ: "JWT" }),
    "no typ": headed({ typ: undefined }),
    "typ of an id token": headed({ typ: "id+jwt" }),
    ...unsigned(signing, header, claims),
    "another key under our kid": headed({}, other.privateKey),
    "another key, another kid": headed({ kid: "another" }, other.privateKey),
    "our key, another kid": headed({ kid: "another" }),
    "no kid, another key": headed({ kid: undefined }, other.privateKey),
    "jwk header with its own key": headed({ jwk: otherJwk, kid: undefined }, other.privateKey),
    "jwk header under our kid": headed({ jwk: otherJwk }, other.privateKey),
    "jku header": headed({ jku: "http://127.0.0.1:9/jwks.json" }, other.privateKey),
    "x5u header": headed({ x5u: "http://127.0.0.1:9/cert.pem" }, other.privateKey),
    "crit that nobody knows": headed({ crit: ["parley"], parley: true }),
    "crit b64 false": headed({ crit: ["b64"], b64: false }),
    "another's claims": `${head}.${encode({ ...claims, sub: "00000000-0000-4000-8000-000000000000" })}.${signature}`,
    truncated: good.slice(0, -10),
    "no signature": `${head}.${body}.`,
    "two parts": `${head}.${body}`,
    "a signature of zeros": `${head}.${body}.${Buffer.alloc(64).toString("base64url")}`,
    "5 KB, signed": said({ padding: "x".repeat(5_000) }),
    "5 KB of nothing": "x".repeat(5_000),
    dots: "..",
    text: "undefined",
  };
}

/** Algorithms that need no private key. */
function unsigned(signing: Signing, header: object, claims: Claims): Record<string, string> {
  const made: Record<string, string> = {};
  for (const alg of ["none", "None", "NONE"])
    made[`alg ${alg}`] = `${encode({ ...header, alg })}.${encode(claims)}.`;
  const secrets = {
    "the public key": signing.x,
    "the public key's bytes": Buffer.from(signing.x, "base64url"),
    "the public key as PEM": signing.publicKey.export({ format: "pem", type: "spki" }),
    "the public key as JWK": JSON.stringify(signing.publicKey.export({ format: "jwk" })),
    "an empty secret": "",
  };
  for (const [what, secret] of Object.entries(secrets)) {
    const text = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
    made[`HS256 with ${what}`] = `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  }
  return made;
}
