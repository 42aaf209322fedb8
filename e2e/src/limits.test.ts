import { afterAll, expect, it } from "vitest";
import { call } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

const parley = await Parley.start({ rateLimits: "on", env: { ...process.env, ROOMS_OPEN_PER_USER: "3" } });
afterAll(() => parley.stop());
const alice = await parley.person("alice");

it("limits a user to 40 messages at once, over all sockets and HTTP, and says when to go on", async () => {
  using one = await FrameSocket.open(parley.producerSocket, alice.token);
  using two = await FrameSocket.open(parley.producerSocket, alice.token);
  for (let i = 0; i < 30; i += 1)
    for (const socket of [one, two]) socket.send({ room: "general", body: `${i}` });
  const answers: Frame[] = [];
  for (let i = 0; i < 30; i += 1)
    for (const socket of [one, two]) answers.push(await socket.next("ack", "error"));
  const refused = answers.filter((answer) => answer.type === "error");
  expect(refused.length).toBeGreaterThanOrEqual(15);
  expect(refused.length).toBeLessThanOrEqual(20);
  for (const { code, retryAfterMs } of refused) {
    expect(code).toBe("rate_limited");
    expect(retryAfterMs).toBeGreaterThan(0);
  }
  const post = () => call(parley, alice, "POST", "/rooms/general/messages", { body: "x" }, "ws-producer");
  let posted = await post();
  // On a busy machine the budget refills meanwhile.
  for (let i = 0; i < 10 && posted.code !== "rate_limited"; i += 1) posted = await post();
  expect(posted.code).toBe("rate_limited");
  const { retryAfterMs } = posted.body as { retryAfterMs: number };
  await new Promise((resolve) => setTimeout(resolve, retryAfterMs + 20));
  one.send({ room: "general", body: "patience" });
  expect(await one.next("ack", "error")).toMatchObject({ type: "ack" });
});

it("A: a user has so many rooms open, over all sockets, and closing one makes room", async () => {
  using one = await FrameSocket.open(parley.consumerSocket, alice.token);
  using two = await FrameSocket.open(parley.consumerSocket, alice.token);
  const open = (socket: FrameSocket, room: string) => {
    socket.send({ type: "subscribe", room });
    return socket.next("subscribed", "error");
  };
  for (const room of ["a", "b"]) expect(await open(one, room)).toMatchObject({ type: "subscribed" });
  for (const room of ["a", "c"]) expect(await open(two, room)).toMatchObject({ type: "subscribed" });
  const refused = { code: "quota_exceeded", message: expect.stringContaining("ROOMS_OPEN_PER_USER is 3") };
  expect(await open(two, "d")).toMatchObject(refused);
  two.send({ type: "unsubscribe", room: "c" });
  expect(await open(two, "d")).toMatchObject({ type: "subscribed" });
});
