import { expect, it } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley } from "./index.ts";
import { createTestClock, TestServer } from "./testing.ts";

it("makes the next attempt at once when it is told to, and leaves a connection that works as it is", async () => {
  const server = new TestServer();
  const clock = createTestClock();
  const parley = createParley({ ...server.options, auth: server.auth("alice"), clock });
  parley.connect();
  const until = (state: string) => eventually(() => expect(parley.status.value.state).toBe(state));
  await until("online");
  server.down();
  await until("retrying");
  server.heal();
  parley.retry();
  await until("online");
  const { length } = server.sockets;
  parley.retry();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(server.sockets).toHaveLength(length);
  expect(parley.status.value.state).toBe("online");
  await parley.close();
});
