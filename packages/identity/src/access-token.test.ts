import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { expect, it } from "vitest";
import { InvalidTokenError, importPublicKey, verifyAccessToken } from "./access-token.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const keys = new Map([
  ["one", importPublicKey(publicKey.export({ format: "jwk" }))],
  ["rsa", importPublicKey(rsa.publicKey.export({ format: "jwk" }))],
]);
const now = Math.floor(Date.now() / 1_000);
const HEADER = { alg: "EdDSA", typ: "at+jwt", kid: "one" };
const RSA_HEADER = { alg: "RS256", typ: "at+jwt", kid: "rsa" };
const CLAIMS = {
  iss: "us",
  aud: "ours",
  sub: randomUUID(),
  sid: randomUUID(),
  username: "alice",
  jti: "j",
  iat: now,
  exp: now + 60,
};

const encode = (part: unknown) =>
  Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
type Sign = (signed: Buffer) => Buffer;
const byEd25519: Sign = (signed) => sign(null, signed, privateKey);
const byRsa: Sign = (signed) => sign("sha256", signed, rsa.privateKey);
/** A token with any header and claims, signed with one of the issuer's keys. */
function make(header: unknown = HEADER, claims: unknown = CLAIMS, signature = byEd25519): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${signature(Buffer.from(signed)).toString("base64url")}`;
}
const verify = (token: string) =>
  verifyAccessToken(token, (kid) => keys.get(kid), { issuer: "us", audience: "ours" });

it("returns the claims of a token that the issuer signed", async () => {
  const expected = {
    userId: CLAIMS.sub,
    sessionId: CLAIMS.sid,
    username: "alice",
    expiresAt: new Date(CLAIMS.exp * 1_000),
  };
  expect(await verify(make())).toEqual(expected);
  expect(await verify(make(HEADER, { ...CLAIMS, nbf: now, more: 1 }))).toEqual(expected);
  expect(await verify(make(RSA_HEADER, CLAIMS, byRsa))).toEqual(expected);
});

const without = (field: keyof typeof CLAIMS) => make(HEADER, { ...CLAIMS, [field]: undefined });
const good = make();
const signature = good.split(".")[2] ?? "";
const head = (more: object) => make({ ...HEADER, ...more });
const goodRsa = make(RSA_HEADER, CLAIMS, byRsa);
const rsaHead = (more: object, signature = byRsa) => make({ ...RSA_HEADER, ...more }, CLAIMS, signature);
const pem = rsa.publicKey.export({ type: "spki", format: "pem" });
/** The last character of base64url with one of the bits set that no byte of the text has. */
const beyondItsEnd = (token: string) =>
  `${token.slice(0, -1)}${{ A: "B", Q: "R", g: "h", w: "x" }[token.at(-1) ?? ""]}`;
const wrong: Record<string, string> = {
  ...Object.fromEntries(["none", "None", "NONE", "HS256"].map((alg) => [`alg ${alg}`, head({ alg })])),
  ...Object.fromEntries(["JWT", "id+jwt", "AT+JWT", undefined].map((typ) => [`typ ${typ}`, head({ typ })])),
  "no kid": head({ kid: undefined }),
  "crit that nobody knows": head({ crit: ["own"], own: true }),
  "no algorithm and no signature": `${encode({ ...HEADER, alg: "none" })}.${encode(CLAIMS)}.`,
  "no signature": good.slice(0, good.lastIndexOf(".") + 1),
  "two parts": good.slice(0, good.lastIndexOf(".")),
  "two dots": "..",
  "another's claims": `${encode(HEADER)}.${encode({ ...CLAIMS, sub: randomUUID() })}.${signature}`,
  "aud as a list of others": make(HEADER, { ...CLAIMS, aud: ["theirs", "ours2"] }),
  "alg Ed25519": make({ ...HEADER, alg: "Ed25519" }),
  "crit that is empty": make({ ...HEADER, crit: [] }),
  "crit b64": make({ ...HEADER, crit: ["b64"], b64: true }),
  "kid that is a number": make({ ...HEADER, kid: 1 }),
  "a header that is a list": make([HEADER]),
  "claims that are a list": make(HEADER, [CLAIMS]),
  "claims that are null": make(HEADER, null),
  "claims that are no JSON": make(HEADER, "{"),
  "aud as a list": make(HEADER, { ...CLAIMS, aud: ["ours"] }),
  "exp now": make(HEADER, { ...CLAIMS, exp: now }),
  "exp as text": make(HEADER, { ...CLAIMS, exp: String(CLAIMS.exp) }),
  "nbf later": make(HEADER, { ...CLAIMS, nbf: now + 60 }),
  "nbf as text": make(HEADER, { ...CLAIMS, nbf: "0" }),
  "iat as text": make(HEADER, { ...CLAIMS, iat: "0" }),
  "sid as a number": make(HEADER, { ...CLAIMS, sid: 1 }),
  "jti as a number": make(HEADER, { ...CLAIMS, jti: 1 }),
  "a signature with padding": `${good}==`,
  "a signature cut by one": good.slice(0, -1),
  "a signature in the other base64": `${good.slice(0, -signature.length)}${"+".repeat(86)}`,
  "a signature with bits beyond its end": beyondItsEnd(good),
  "an RSA signature with bits beyond its end": beyondItsEnd(goodRsa),
  "an RSA signature cut by one": goodRsa.slice(0, -1),
  "an RSA key with the algorithm of the other": rsaHead({ alg: "EdDSA" }),
  "the other key with the algorithm of RSA": rsaHead({ kid: "one" }),
  "an RSA key and the other's signature": rsaHead({}, byEd25519),
  "the RSA key as a secret": rsaHead({ alg: "HS256" }, (signed) =>
    createHmac("sha256", pem).update(signed).digest(),
  ),
  ...Object.fromEntries(["RS384", "RS512", "PS256"].map((alg) => [`alg ${alg}`, rsaHead({ alg })])),
  "a fourth part": `${good}.`,
  "a line break at the end": `${good}\n`,
  "bytes that are no UTF-8": `${Buffer.from([0x22, 0xff, 0x22]).toString("base64url")}.${encode(CLAIMS)}.${signature}`,
  ...Object.fromEntries(
    (["iss", "aud", "sub", "sid", "username", "jti", "iat", "exp"] as const).map((f) => [
      `no ${f}`,
      without(f),
    ]),
  ),
};

it.each(Object.entries(wrong))("refuses %s", async (_what, token) => {
  await expect(verify(token)).rejects.toBeInstanceOf(InvalidTokenError);
});

it.each([
  ["expired", make(HEADER, { ...CLAIMS, exp: now - 1 })],
  ["unknown_key", make({ ...HEADER, kid: "two" })],
  ["bad_signature", `${good.slice(0, -signature.length)}${"A".repeat(86)}`],
  ["wrong_claims", make(HEADER, { ...CLAIMS, iss: "them" })],
  ["malformed", "no token"],
])("says why a token is not valid: %s", async (code, token) => {
  await expect(verify(token)).rejects.toMatchObject({ code });
});

it.each([
  ["rsa of 1,024 bits", () => generateKeyPairSync("rsa", { modulusLength: 1_024 })],
  ["rsa of 3,072 bits", () => generateKeyPairSync("rsa", { modulusLength: 3_072 })],
  ["ec", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
  ["ed448", () => generateKeyPairSync("ed448")],
])("does not import a key of type %s", (_type, generate) => {
  const jwk = (generate().publicKey as KeyObject).export({ format: "jwk" });
  expect(() => importPublicKey(jwk)).toThrow("Ed25519");
});
