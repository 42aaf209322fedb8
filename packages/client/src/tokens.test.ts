import { afterEach, expect, it } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley, type Parley, type SocketLike } from "./index.ts";
import { TestServer } from "./testing.ts";

const clients: Parley[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.close()));
});

async function onlineWith(server: TestServer, auth: () => Promise<string>) {
  const parley = createParley({ ...server.options, auth });
  clients.push(parley);
  parley.connect();
  await eventually(() => expect(parley.status.value.state).toBe("online"));
  for (const socket of server.sockets) socket.push({ type: "token_expiring", inMs: 60_000 });
  const renewed = () => server.sockets.map(({ sent }) => sent.filter(({ id }) => id === "auth").length);
  await eventually(() => expect(renewed()).toEqual([1, 1]));
  return server.sockets.map(({ sent }) => sent.findLast(({ type }) => type === "auth")?.token);
}

it("hands in a new token when one is about to end, once for both sockets", async () => {
  const server = new TestServer();
  const tokens = await onlineWith(server, async () => server.token("alice"));
  expect(new Set(tokens).size).toBe(1);
});

it("hands in a token that has not changed where a server asks for one again", async () => {
  const server = new TestServer();
  const token = server.token("bot");
  expect(await onlineWith(server, async () => token)).toEqual([token, token]);
});

/** A socket whose server does not take the token, which is valid elsewhere. */
class RefusingSocket implements SocketLike {
  readyState = 1;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;

  constructor() {
    const refusal = { type: "error", code: "forbidden", message: "no scope messages:read" };
    queueMicrotask(() => {
      this.onmessage?.({ data: JSON.stringify(refusal) } as never);
      this.readyState = 3;
      this.onclose?.({ code: 4401, reason: "not authenticated" } as never);
    });
  }

  send(): void {}
  close(): void {}
}

it("stops, and says why, where a service does not take a token that is valid elsewhere", async () => {
  const asked: string[] = [];
  const auth = async (why: string) => {
    asked.push(why);
    return "token";
  };
  const parley = createParley({ url: "http://twin.test", WebSocket: RefusingSocket, auth });
  clients.push(parley);
  parley.connect();
  const error = { code: "forbidden", message: "no scope messages:read" };
  await eventually(() => expect(parley.status.value).toMatchObject({ state: "stopped", error }));
  const room = parley.rooms.get("general");
  const later = [room.send("later"), room.events()[Symbol.asyncIterator]().next()];
  for (const one of later) await expect(one).rejects.toMatchObject(error);
  expect(asked).toEqual(["start"]);
});
