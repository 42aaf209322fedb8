import { createPrivateKey, createPublicKey } from "node:crypto";
import { logIn, postJson } from "@parley/devstack/accounts";
import postgres from "postgres";
import { afterAll, expect, it } from "vitest";
import { type Claims, forgeTokens, type Signing } from "./forged-tokens.ts";
import { Parley } from "./parley.ts";
import { authPlaces, type ShowToken, socketPlaces } from "./token-doors.ts";

type Tokens = Readonly<Record<string, string>>;

const AT_ONCE = 8;
/** Accepted refusals: HTTP and gRPC statuses of "unauthenticated", frame codes, close codes. */
const REFUSED = /^(401|16|unauthenticated|bad_frame|too_large)( 4401)?$/;

const parley = await Parley.start({ env: { ...process.env, ADMIN_USERNAME: "boss" } });
afterAll(() => parley.stop());
const good = await parley.person("alice");
const loggedOut = await logIn(parley.url("auth"), good);
await postJson(`${parley.url("auth")}/api/v1/logout`, {}, loggedOut.token);
const claims = JSON.parse(String(Buffer.from(good.token.split(".")[1] ?? "", "base64url"))) as Claims;
const forged: Tokens = {
  ...forgeTokens(await readSigningKey(), good.token, claims),
  "a refresh token": good.refreshToken,
  "a session that was ended": loggedOut.token,
};

/** Auth's private key from its database: tokens signed with it are wrong in their claims alone. */
async function readSigningKey(): Promise<Signing> {
  const sql = postgres(parley.stack.databaseUrl, { max: 1 });
  const [row] = await sql`select kid, private_jwk as jwk from auth.signing_keys order by generation`;
  await sql.end();
  const privateKey = createPrivateKey({ key: row?.jwk, format: "jwk" });
  return { kid: row?.kid, privateKey, publicKey: createPublicKey(privateKey), x: row?.jwk.x };
}

/** Presents every token at every place. Gives each answer that is not a refusal. */
async function showAll(places: Readonly<Record<string, ShowToken>>): Promise<string[]> {
  const shows = Object.entries(places).flatMap(([place, show]) =>
    Object.entries(forged).map(([what, token]) => ({ place, what, answer: () => show(token) })),
  );
  process.stdout.write(`token table: ${shows.length} tries at ${Object.keys(places).length} places\n`);
  const wrong: string[] = [];
  const worker = async () => {
    for (let next = shows.pop(); next; next = shows.pop()) {
      const answer = await next.answer();
      if (!REFUSED.test(answer)) wrong.push(`${next.place}: ${next.what}: ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return wrong;
}

async function expectGoodEverywhere(places: Readonly<Record<string, ShowToken>>, token = good.token) {
  for (const [place, show] of Object.entries(places))
    expect([place, await show(token)]).toEqual([place, "accepted"]);
}

it("accepts a service token wherever the socket services take tokens", async () => {
  const account = { name: "bot", scopes: ["messages:read", "messages:write"] };
  const { token: admin } = await parley.person("boss");
  const made = await postJson(`${parley.url("auth")}/api/v1/service-accounts`, account, admin);
  const { token } = made as { token: string };
  await expectGoodEverywhere(socketPlaces(parley, token), token);
});

it("accepts no forged or stale token anywhere, and a good one everywhere", async () => {
  const places = { ...socketPlaces(parley, good.token), ...authPlaces(parley) };
  await expectGoodEverywhere(places);
  expect(await showAll(places)).toEqual([]);
  await expectGoodEverywhere(places);
});

it("accepts none while auth is dead and tokens are verified locally", async () => {
  await parley.stack.service("auth").stop();
  // Longer than the services cache auth's answers.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  const places = socketPlaces(parley, good.token);
  await expectGoodEverywhere(places);
  expect(await showAll(places)).toEqual([]);
  await expectGoodEverywhere(places);
  await parley.stack.service("auth").start();
});
