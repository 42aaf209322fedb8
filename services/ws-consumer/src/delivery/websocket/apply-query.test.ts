import { Client } from "@parley/socket/client-fixture";
import { DoorFixture, LIMITS, opened } from "@parley/socket/door-fixture";
import { expect, it } from "vitest";
import { applyQuery } from "./apply-query.ts";

it("A: rooms in the URL of a socket are as many as in a resume, and cost the same", async () => {
  const subscribed: string[] = [];
  const subscriptions = {
    subscribe: async (_connection: unknown, room: string) => void subscribed.push(room),
  };
  const fixture = await DoorFixture.start(LIMITS, [], (connection, query) =>
    applyQuery(subscriptions, connection, query),
  );
  const open = async (rooms: number) => {
    const query = Array.from({ length: rooms }, (_, i) => `room=r${i}`).join("&");
    const client = new Client(`${fixture.url}?token=u1&${query}`);
    await opened(client);
    client.send({ id: "after", room: "general", body: "x" });
    await client.frame(({ type }) => type === "ack");
    client.ws.terminate();
    return client.frames.find(({ type }) => type === "error");
  };
  try {
    expect(await open(151)).toMatchObject({ code: "bad_frame", path: "/room" });
    expect(subscribed).toEqual([]);
    // The budget of a user is 2,000 units: 6 times 150 rooms for 2 each, and not once more.
    for (let i = 0; i < 6; i += 1) expect(await open(150)).toBeUndefined();
    expect(subscribed).toHaveLength(900);
    expect(await open(150)).toMatchObject({ code: "rate_limited", retryAfterMs: expect.any(Number) });
    expect(subscribed).toHaveLength(900);
  } finally {
    await fixture.close();
  }
});
