import { logIn, postJson } from "@parley/devstack/accounts";
import { afterAll, expect, it } from "vitest";
import { FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

/** Longest time from a revocation to the close of its sockets, ms. */
const OUT_MS = 1_000;
/** The same when only the poll finds it. */
const OUT_BY_POLL_MS = 16_000;
const REVOKED = 4403;

const parley = await Parley.start();
afterAll(() => parley.stop());
const alice = await parley.person("alice");

const logOut = (at: Parley, token: string) => postJson(`${at.url("auth")}/api/v1/logout`, {}, token);
const openBoth = async (at: Parley, token: string) => ({
  producer: await FrameSocket.open(at.producerSocket, token),
  consumer: await FrameSocket.open(at.consumerSocket, token),
});

it("closes both sockets of a session within a second of its logout, and no other", async () => {
  const { token } = await logIn(parley.url("auth"), alice);
  const [ours, other] = [await openBoth(parley, token), await openBoth(parley, alice.token)];
  ours.consumer.send({ type: "subscribe", room: "general" });
  await ours.consumer.next("subscribed");
  const from = performance.now();
  await logOut(parley, token);
  for (const socket of Object.values(ours)) expect((await socket.closed).code).toBe(REVOKED);
  expect(performance.now() - from).toBeLessThan(OUT_MS);
  other.producer.send({ room: "general", body: "after the logout" });
  await other.producer.next("ack");
  expect(ours.consumer.frames.some((frame) => frame.body === "after the logout")).toBe(false);
  for (const url of [parley.producerSocket, parley.consumerSocket])
    expect(await FrameSocket.statusOf(url, { authorization: `Bearer ${token}` })).toBe(401);
});

it("finds a revocation within 16 s when NATS does not deliver it", async () => {
  await using cut = await Parley.start({ serviceEnv: { auth: { NATS_URL: "nats://127.0.0.1:1" } } });
  const carol = await cut.person("carol");
  const sockets = await openBoth(cut, carol.token);
  const from = performance.now();
  await logOut(cut, carol.token);
  for (const socket of Object.values(sockets)) expect((await socket.closed).code).toBe(REVOKED);
  expect(performance.now() - from).toBeLessThan(OUT_BY_POLL_MS);
});
