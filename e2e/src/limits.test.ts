import { afterAll, expect, it } from "vitest";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

const parley = await Parley.start({ rateLimits: "on" });
afterAll(() => parley.stop());
const [alice] = await parley.people("alice");

it("limits a user to 40 messages at once, over all sockets, and says when to go on", async () => {
  const sockets = await Promise.all([1, 2].map(() => FrameSocket.open(parley.producerSocket, alice.token)));
  for (let i = 0; i < 30; i += 1)
    for (const socket of sockets) socket.send({ room: "general", body: `${i}` });
  const answers: Frame[] = [];
  for (const socket of sockets) {
    for (let i = 0; i < 30; i += 1) answers.push(await socket.next("ack", "error"));
  }
  const refused = answers.filter((answer) => answer.type === "error");
  expect(refused.length).toBeGreaterThanOrEqual(15);
  expect(refused.length).toBeLessThanOrEqual(20);
  for (const one of refused) {
    expect(one.code).toBe("rate_limited");
    expect(one.retryAfterMs).toBeGreaterThan(0);
  }
  await new Promise((resolve) => setTimeout(resolve, Number(refused.at(-1)?.retryAfterMs) + 20));
  sockets[0]?.send({ room: "general", body: "patience" });
  expect((await sockets[0]?.next("ack", "error"))?.type).toBe("ack");
});
