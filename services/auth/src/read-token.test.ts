import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { expect, it } from "vitest";
import { readToken } from "./read-token.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const rules = {
  issuer: "us",
  audience: "ours",
  findKey: (kid: string) => (kid === "one" ? publicKey : undefined),
};
const now = Math.floor(Date.now() / 1_000);
const HEADER = { alg: "EdDSA", typ: "at+jwt", kid: "one" };
const CLAIMS = {
  iss: "us",
  aud: "ours",
  sub: randomUUID(),
  sid: randomUUID(),
  jti: "j",
  iat: now,
  exp: now + 60,
};

const encode = (part: unknown) =>
  Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
/** A token that is signed with the true key, whatever it says. */
function make(header: unknown = HEADER, claims: unknown = CLAIMS): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
}
const read = (token: string) => readToken(token, rules);

it("reads what was signed by our key and says all that it must", async () => {
  const expiresAt = new Date(CLAIMS.exp * 1_000);
  expect(await read(make())).toEqual({ userId: CLAIMS.sub, sessionId: CLAIMS.sid, expiresAt });
  expect(await read(make(HEADER, { ...CLAIMS, nbf: now, more: 1 }))).toMatchObject({ userId: CLAIMS.sub });
});

const left = (field: keyof typeof CLAIMS) => make(HEADER, { ...CLAIMS, [field]: undefined });
const good = make();
const signature = good.split(".")[2] ?? "";
const wrong: Record<string, string> = {
  "another type in capitals": make({ ...HEADER, typ: "AT+JWT" }),
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
  "a signature with padding": `${good}==`,
  "a signature cut by one": good.slice(0, -1),
  "a signature in the other base64": `${good.slice(0, -signature.length)}${"+".repeat(86)}`,
  "a fourth part": `${good}.`,
  "a line behind it": `${good}\n`,
  "bytes that are no UTF-8": `${Buffer.from([0x22, 0xff, 0x22]).toString("base64url")}.${encode(CLAIMS)}.${signature}`,
  ...Object.fromEntries(
    (["iss", "aud", "sub", "sid", "jti", "iat", "exp"] as const).map((f) => [`no ${f}`, left(f)]),
  ),
};

it.each(Object.entries(wrong))("refuses %s", async (_what, token) => {
  await expect(read(token)).rejects.toMatchObject({ code: "unauthenticated" });
});
