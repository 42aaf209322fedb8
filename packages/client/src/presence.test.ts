import { afterEach, expect, it } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import { createParley, type Parley } from "./index.ts";
import { TestServer } from "./testing.ts";

const clients: Parley[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.close()));
});

const online = (parley: Parley) => eventually(() => expect(parley.status.value.state).toBe("online"));

it("hears how many have a large room open, and asks about those who came and left", async () => {
  const server = new TestServer();
  const client = (name: string) => {
    const parley = createParley({ ...server.options, auth: server.auth(name) });
    clients.push(parley);
    return parley;
  };
  const parley = client("alice");
  const room = parley.rooms.get("general");
  const counts: number[] = [];
  room.on("room_presence", ({ online: count }) => counts.push(count));
  room.open();
  await online(parley);
  const presence = parley.presence("id-bob");
  presence.subscribe(() => undefined);
  await eventually(() => expect(presence.value?.isOnline).toBe(false));
  const bob = client("bob");
  bob.connect();
  await online(bob);
  const came = [{ id: "id-bob", username: "bob" }];
  const crowd = { type: "room_presence", room: "general", online: 101, came, left: [] };
  for (const socket of server.sockets) if (socket.user?.username === "alice") socket.push(crowd);
  await eventually(() => expect(presence.value?.isOnline).toBe(true));
  expect(new Set(counts)).toEqual(new Set([101]));
});
