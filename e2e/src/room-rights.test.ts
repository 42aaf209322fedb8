import { connect } from "@nats-io/transport-node";
import type { Account } from "@parley/devstack/accounts";
import { startStack } from "@parley/devstack/stack";
import { ROOMS_BUCKET } from "@parley/protocol/access";
import { afterAll, expect, it } from "vitest";
import { call, makeGroup } from "./api.ts";
import { Parley, until } from "./parley.ts";

let parley = await Parley.start();
afterAll(() => parley.stop());
const [alice, bob] = await parley.people("alice", "bob");

const statusOfPost = async (who: Account, room: string) =>
  (await call(parley, who, "POST", `/rooms/${room}/messages`, { body: "hello" }, "ws-producer")).status;

it("the producers' bucket of rights is rebuilt after it was lost", async () => {
  const group = await makeGroup(parley, alice, [bob]);
  expect(await statusOfPost(bob, group.id)).toBe(201);
  const { natsUrl, natsLogin } = parley.stack;
  const nats = await connect({ servers: natsUrl, ...natsLogin });
  const answer = await nats.request(`$JS.API.STREAM.DELETE.KV_${ROOMS_BUCKET}`);
  expect(answer.json()).toMatchObject({ success: true });
  await nats.close();
  // The producer remembers what it knows; a new one has to ask.
  await parley.stack.service("ws-producer").restart();
  await until("bob may post again", async () => (await statusOfPost(bob, group.id)) === 201, 20_000);
});

it("channels that were there before CHANNEL_AUTO_CREATE was turned off stay open, and no new one is made", async () => {
  expect(await statusOfPost(alice, "old-one")).toBe(201);
  await until("it is stored", async () => (await parley.history("old-one", alice.token)).length === 1);
  const { dataDir } = parley.stack;
  await parley.stack.stop();
  const env = { ...process.env, NODE_ENV: "test", RATE_LIMITS: "off", CHANNEL_AUTO_CREATE: "false" };
  const services = ["auth", "ws-producer", "ws-consumer"] as const;
  parley = new Parley(await startStack({ dataDir, services, env }));
  await until("the old channel is open", async () => (await statusOfPost(bob, "old-one")) === 201, 20_000);
  expect(await statusOfPost(bob, "brand-new")).toBe(404);
});
