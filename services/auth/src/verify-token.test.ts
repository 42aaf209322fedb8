import { createPrivateKey, createPublicKey } from "node:crypto";
import { type ServiceError, status } from "@grpc/grpc-js";
import { openDatabase } from "@parley/runtime/postgres";
import {
  base64url,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  SignJWT,
} from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, call, callsOf, startAuthFixture } from "./auth-fixture.ts";

type Key = CryptoKey | Uint8Array;
type Forgery = Readonly<{ header?: object; claims?: JWTPayload; key?: Key; alg?: string }>;

let auth: AuthFixture;
let good: { token: string; header: { kid: string }; claims: JWTPayload };
let key: CryptoKey;
let publicPem: Uint8Array;
let publicRaw: Uint8Array;
let stranger: CryptoKey;
let strangerJwk: JWK;

const part = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split(".")[index] ?? "", "base64url").toString()) as never;

/** The real private key, from the database: the strongest forger has it and lacks only the right claims. */
async function readKey(): Promise<CryptoKey> {
  const database = openDatabase({ url: auth.databaseUrl, name: "test", connections: 1, deadlineMs: 5_000 });
  const [row] = await database.query<{ jwk: JWK }>("select private_jwk as jwk from auth.signing_keys");
  await database.close();
  const publicKey = createPublicKey(createPrivateKey({ key: row?.jwk as never, format: "jwk" }));
  publicPem = new TextEncoder().encode(publicKey.export({ type: "spki", format: "pem" }) as string);
  publicRaw = base64url.decode(publicKey.export({ format: "jwk" }).n as string);
  return (await importJWK(row?.jwk as never, "RS256")) as CryptoKey;
}

beforeAll(async () => {
  auth = await startAuthFixture();
  const account = { username: "victim", password: "correct horse battery", clientAddress: "" };
  await call(auth.client, auth.client.register, { ...account, displayName: "" });
  const { token } = await call(auth.client, auth.client.login, { ...account, device: "" });
  good = { token, header: part(token, 0), claims: part(token, 1) };
  key = await readKey();
  const pair = await generateKeyPair("RS256", { modulusLength: 2_048, extractable: true });
  stranger = pair.privateKey;
  strangerJwk = await exportJWK(pair.publicKey);
});
afterAll(async () => await auth?.close());

const forge = ({ header = {}, claims = {}, key: signer = key, alg = "RS256" }: Forgery) =>
  new SignJWT({ ...good.claims, ...claims })
    .setProtectedHeader({ ...good.header, ...header, alg } as never)
    .sign(signer, header && "crit" in header ? { crit: { own: true } } : undefined);

const verify = (token: string) =>
  call(auth.client, auth.client.verifyToken, { token }).then(
    ({ user }) => ({ status: status.OK as number, code: user?.username }),
    (error: ServiceError) => ({ status: error.code as number, code: error.metadata.get("code")[0] }),
  );

const unsigned = (header: object) =>
  [header, good.claims, ""].map((p) => (p === "" ? "" : base64url.encode(JSON.stringify(p)))).join(".");
const now = () => Math.floor(Date.now() / 1_000);

it("accepts a token that it issued, and the same claims signed again with its key", async () => {
  expect(await verify(good.token)).toEqual({ status: status.OK, code: "victim" });
  expect(await verify(await forge({}))).toEqual({ status: status.OK, code: "victim" });
  expect(good.header).toEqual({ alg: "RS256", typ: "at+jwt", kid: expect.any(String) });
  expect(good.claims).toMatchObject({ iss: "parley-auth", aud: "parley", username: "victim" });
  expect(Object.keys(good.claims).sort()).toEqual(
    ["aud", "exp", "iat", "iss", "jti", "sid", "sub", "username"].sort(),
  );
});

/** Forged tokens by name. They are made when the test runs, because they need the service's key. */
const attacks: Record<string, () => Promise<string> | string> = {
  "nothing at all": () => "",
  "no token": () => "no token",
  "two dots": () => "..",
  "alg none": () => unsigned({ ...good.header, alg: "none" }),
  "alg None": () => unsigned({ ...good.header, alg: "None" }),
  "alg left out": () => unsigned({ typ: "at+jwt" }),
  "a signature cut away": () => good.token.slice(0, good.token.lastIndexOf(".") + 1),
  "HS256 with the public key as PEM": () => forge({ alg: "HS256", key: publicPem }),
  "HS256 with the public key's bytes": () => forge({ alg: "HS256", key: publicRaw }),
  "another's key under our kid": () => forge({ key: stranger }),
  "another kid": () => forge({ header: { kid: "other" }, key: stranger }),
  "another kid with our key": () => forge({ header: { kid: "other" } }),
  "kid that is a path": () => forge({ header: { kid: "../../dev/null" }, key: stranger }),
  "kid that is SQL": () => forge({ header: { kid: "' or 1=1 --" }, key: stranger }),
  "no kid": () => forge({ header: { kid: undefined } }),
  "wrong audience": () => forge({ claims: { aud: "other" } }),
  "no audience": () => forge({ claims: { aud: undefined } as never }),
  "wrong issuer": () => forge({ claims: { iss: "other" } }),
  "wrong type": () => forge({ header: { typ: "JWT" } }),
  "no type": () => forge({ header: { typ: undefined } }),
  expired: () => forge({ claims: { exp: now() - 1 } }),
  "no expiry": () => forge({ claims: { exp: undefined } as never }),
  "not yet valid": () => forge({ claims: { nbf: now() + 60 } }),
  "expiry that is text": () => forge({ claims: { exp: "9999999999" as never } }),
  "no session": () => forge({ claims: { sid: undefined } }),
  "session that is no id": () => forge({ claims: { sid: "' or 1=1 --" } }),
  "session that nobody has": () => forge({ claims: { sid: crypto.randomUUID() } }),
  "someone else in this session": () => forge({ claims: { sub: crypto.randomUUID() } }),
  "no subject": () => forge({ claims: { sub: undefined } as never }),
  "jku header": () => forge({ header: { jku: "http://127.0.0.1:9/jwks.json" }, key: stranger }),
  "jwk header": () => forge({ header: { jwk: strangerJwk }, key: stranger }),
  "jwk header without kid": () => forge({ header: { jwk: strangerJwk, kid: undefined }, key: stranger }),
  "x5u header": () => forge({ header: { x5u: "http://127.0.0.1:9/cert.pem" }, key: stranger }),
  "crit that we do not know": () => forge({ header: { crit: ["own"], own: true } }),
  truncated: () => good.token.slice(0, -3),
  "one letter changed": () => good.token.replace(/\.(.)/, (_, c) => `.${c === "e" ? "f" : "e"}`),
  "5 KB": () => forge({ claims: { fill: "x".repeat(5_000) } }),
  "60 KB": () => "x".repeat(60_000),
  "NUL and a lone surrogate": () => `${good.token}\0\ud800`,
};

it.each(Object.keys(attacks))("refuses a token: %s", async (name) => {
  const token = (await attacks[name]?.()) ?? expect.fail();
  expect(await verify(token)).toEqual({ status: status.UNAUTHENTICATED, code: "unauthenticated" });
  const header = token.replaceAll(/[^\x20-\x7e]/g, "");
  const answer = await fetch(`${auth.url}/api/v1/me`, { headers: { authorization: `Bearer ${header}` } });
  // Node refuses headers of this size itself.
  expect(answer.status).toBe(name === "60 KB" ? 431 : header === good.token ? 200 : 401);
});

it("answers for each of many tokens by itself, in their order", async () => {
  const calls = callsOf(auth.client);
  const other = await calls.enter("victim", "correct horse battery");
  const ended = await calls.enter("victim", "correct horse battery");
  await calls.logout({ token: ended.token, refreshToken: "" });
  const tokens = [other.token, "", await forge({ key: stranger }), ended.token, good.token, other.token];
  const answers = (await calls.verifyTokens({ tokens })).tokens;
  const { exp = 0 } = part(other.token, 1) as JWTPayload;
  expect(answers[0]).toEqual({
    user: other.user,
    sessionId: (part(other.token, 1) as { sid: string }).sid,
    expiresAt: new Date(exp * 1_000),
    code: "",
  });
  expect(answers.map(({ code }) => code)).toEqual([
    "",
    "unauthenticated",
    "unauthenticated",
    "session_revoked",
    "",
    "",
  ]);
  expect(answers[5]).toEqual(answers[0]);
});
