import { status } from "@grpc/grpc-js";
import { type Account, logIn, postJson } from "@parley/devstack/accounts";
import { afterAll, expect, it } from "vitest";
import { authClient } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

/** Longest time from a revocation to the close of its sockets, ms. */
const OUT_MS = 1_000;
/** The same when only the poll finds it. */
const OUT_BY_POLL_MS = 16_000;
const REVOKED = 4403;

const parley = await Parley.start();
afterAll(() => parley.stop());
const [alice, bob] = await parley.people("alice", "bob");

const newToken = async (who: Account) => (await logIn(parley.url("auth"), who)).token;
const logOut = (at: Parley, token: string) => postJson(`${at.url("auth")}/api/v1/logout`, {}, token);

const urls = [parley.producerSocket, parley.consumerSocket];
const openBoth = (token: string) => Promise.all(urls.map((url) => FrameSocket.open(url, token)));
/** The answers to new handshakes with a token. */
const knock = (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  return Promise.all(urls.map((url) => FrameSocket.statusOf(url, headers)));
};
const OPEN = [101, 101];
const REFUSED = [401, 401];

it("closes both sockets of a session within a second of its logout, and no other", async () => {
  const token = await newToken(alice);
  const [ours, other] = [await openBoth(token), await openBoth(alice.token)];
  ours[1]?.send({ type: "subscribe", room: "general" });
  await ours[1]?.next("subscribed");
  const from = performance.now();
  await logOut(parley, token);
  for (const socket of ours) expect((await socket.closed).code).toBe(REVOKED);
  expect(performance.now() - from).toBeLessThan(OUT_MS);
  other[0]?.send({ room: "general", body: "after the logout" });
  await other[0]?.next("ack");
  expect(ours[1]?.frames.some((frame) => frame.body === "after the logout")).toBe(false);
  expect(await knock(token)).toEqual(REFUSED);
  for (const socket of other) socket.close();
});

it("keeps sockets and accepts tokens while auth is down, refuses logins as unavailable, and recovers", async () => {
  const token = await newToken(alice);
  const [writer] = await openBoth(token);
  const auth = authClient(parley);
  const login = () =>
    new Promise<number | undefined>((resolve) => {
      const request = { username: alice.username, password: alice.password, clientAddress: "", device: "" };
      auth.login(request, (error) => resolve(error?.code));
    });
  expect(await login()).toBeUndefined();
  await parley.stack.service("auth").stop();
  // Longer than the services cache auth's answers.
  for (let second = 0; second < 7; second += 1) {
    writer?.send({ type: "message", id: `m${second}`, room: "outage", body: "without auth" });
    await writer?.find((frame) => frame.type === "ack" && frame.id === `m${second}`);
    const from = performance.now();
    expect(await login()).toBe(status.UNAVAILABLE);
    expect(performance.now() - from).toBeLessThan(OUT_MS);
    expect(await knock(token)).toEqual(OPEN);
    expect(await knock(bob.token)).toEqual(REFUSED);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await parley.stack.untilReady("ws-producer", 2_000);
  await parley.stack.untilReady("ws-consumer", 2_000);
  await parley.stack.service("auth").startReady();
  await until("logins work again", async () => (await login()) === undefined, 10_000);
  expect(await knock(await newToken(alice))).toEqual(OPEN);
  auth.close();
  writer?.close();
});

it("finds a revocation within 16 s when NATS does not deliver it", async () => {
  await using cut = await Parley.start({ serviceEnv: { auth: { NATS_URL: "nats://127.0.0.1:1" } } });
  const carol = await cut.person("carol");
  const sockets = await Promise.all(
    [cut.producerSocket, cut.consumerSocket].map((url) => FrameSocket.open(url, carol.token)),
  );
  const from = performance.now();
  await logOut(cut, carol.token);
  for (const socket of sockets) expect((await socket.closed).code).toBe(REVOKED);
  expect(performance.now() - from).toBeLessThan(OUT_BY_POLL_MS);
});
