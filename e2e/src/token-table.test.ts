import { generateKeyPairSync, sign } from "node:crypto";
import { logIn, postJson } from "@parley/devstack/accounts";
import { sleep } from "@parley/runtime/deadline";
import { afterAll, expect, it } from "vitest";
import { FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";
import { authPlaces, type ShowToken, socketPlaces } from "./token-doors.ts";

const AT_ONCE = 8;
/** Accepted refusals: HTTP and gRPC statuses of "unauthenticated", frame codes, close codes. */
const REFUSED = /^(401|16|unauthenticated|bad_frame|too_large)( 4401)?$/;

const parley = await Parley.start({ env: { ...process.env, ADMIN_USERNAME: "boss" } });
afterAll(() => parley.stop());
const good = await parley.person("alice");
const loggedOut = await logIn(parley.url("auth"), good);
await postJson(`${parley.url("auth")}/api/v1/logout`, {}, loggedOut.token);

const [head = "", body = "", signature = ""] = good.token.split(".");
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
const other = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
const otherSignature = sign("sha256", Buffer.from(`${head}.${body}`), other).toString("base64url");
const claims = JSON.parse(String(Buffer.from(body, "base64url"))) as object;

/**
 * One token for each step of a verification. Every wrong header and claim is in the tests of
 * packages/identity/src/access-token.ts, with which all services verify, and of auth's VerifyToken.
 */
const WRONG: Readonly<Record<string, string>> = {
  text: "undefined",
  "5 KB of nothing": "x".repeat(5_000),
  truncated: good.token.slice(0, -10),
  "alg none": `${encode({ alg: "none", typ: "at+jwt" })}.${body}.`,
  "another key under our kid": `${head}.${body}.${otherSignature}`,
  "another's claims": `${head}.${encode({ ...claims, sub: crypto.randomUUID() })}.${signature}`,
  "a refresh token": good.refreshToken,
  "a session that was ended": loggedOut.token,
};

/** Presents every token at every place. Gives each answer that is not a refusal. */
async function showAll(places: Readonly<Record<string, ShowToken>>): Promise<string[]> {
  const shows = Object.entries(places).flatMap(([place, show]) =>
    Object.entries(WRONG).map(([what, token]) => ({ place, what, answer: () => show(token) })),
  );
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

/** The good token is accepted everywhere, before and after the wrong ones, which are nowhere. */
async function expectOnlyGood(places: Readonly<Record<string, ShowToken>>): Promise<void> {
  await expectGoodEverywhere(places);
  expect(await showAll(places)).toEqual([]);
  await expectGoodEverywhere(places);
}

it("accepts a service token wherever the socket services take tokens", async () => {
  const account = { name: "bot", scopes: ["messages:read", "messages:write"] };
  const { token: admin } = await parley.person("boss");
  const made = await postJson(`${parley.url("auth")}/api/v1/service-accounts`, account, admin);
  const { token } = made as { token: string };
  await expectGoodEverywhere(socketPlaces(parley, token), token);
});

it("accepts no forged or stale token anywhere, and a good one everywhere", async () => {
  await expectOnlyGood({ ...socketPlaces(parley, good.token), ...authPlaces(parley) });
});

it("accepts none while auth is dead and tokens are verified locally, keeps sockets and stays ready", async () => {
  using writer = await FrameSocket.open(parley.producerSocket, good.token);
  await parley.stack.service("auth").stop();
  // Longer than the services cache auth's answers.
  await sleep(6_000);
  await expectOnlyGood(socketPlaces(parley, good.token));
  writer.send({ room: "outage", body: "without auth" });
  await writer.next("ack");
  for (const name of ["ws-producer", "ws-consumer"]) await parley.stack.untilReady(name, 2_000);
  await parley.stack.service("auth").startReady();
  expect(await logIn(parley.url("auth"), good)).toMatchObject({ id: good.id });
});
