import { connect } from "@nats-io/transport-node";
import { startStack } from "@parley/devstack/stack";
import { ROOMS_BUCKET } from "@parley/protocol/access";
import { afterAll, beforeAll, expect, it } from "vitest";
import { must } from "./api.ts";
import { Parley, type Person, until } from "./parley.ts";

let parley: Parley;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  parley = await Parley.start();
  alice = await parley.person("alice");
  bob = await parley.person("bob");
});
afterAll(() => parley?.stop());

async function post(who: Person, room: string): Promise<number> {
  const answer = await fetch(`${parley.url("ws-producer")}/api/v1/rooms/${room}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${who.token}` },
    body: JSON.stringify({ body: "hello" }),
  });
  await answer.text();
  return answer.status;
}

it("who may post where is known again by itself after the producers' bucket was lost", async () => {
  const group = await must<{ id: string }>(parley, alice, "POST", "/rooms", {
    kind: "group",
    title: "Lunch",
    members: [bob.id],
  });
  expect(await post(bob, group.id)).toBe(201);
  const { natsUrl, natsLogin } = parley.stack;
  const nats = await connect({ servers: natsUrl, ...natsLogin });
  const answer = await nats.request(`$JS.API.STREAM.DELETE.KV_${ROOMS_BUCKET}`);
  expect(answer.json()).toMatchObject({ success: true });
  await nats.close();
  // The producer remembers what it knows; a new one has to ask.
  await parley.stack.service("ws-producer").stop();
  await parley.stack.service("ws-producer").start();
  await parley.stack.untilReady("ws-producer");
  await until("bob may post again", async () => (await post(bob, group.id)) === 201, 20_000);
});

it("channels that were there before CHANNEL_AUTO_CREATE was turned off stay open, and no new one is made", async () => {
  expect(await post(alice, "old-one")).toBe(201);
  await until("it is stored", async () => (await parley.history("old-one", alice.token)).length === 1);
  const { dataDir } = parley.stack;
  await parley.stack.stop();
  const env = { ...process.env, NODE_ENV: "test", RATE_LIMITS: "off", CHANNEL_AUTO_CREATE: "false" };
  const services = ["auth", "ws-producer", "ws-consumer"] as const;
  parley = new Parley(await startStack({ dataDir, services, env }));
  await until("the old channel is open", async () => (await post(bob, "old-one")) === 201, 20_000);
  expect(await post(bob, "brand-new")).toBe(404);
});
