import { PingFrame } from "@parley/protocol/client-frames";
import { BusyError } from "@parley/runtime/postgres-errors";
import { Type } from "typebox";
import { expect, it } from "vitest";
import { Client } from "./client-fixture.ts";
import { command } from "./command.ts";
import { DoorFixture, LIMITS, opened } from "./door-fixture.ts";

it("E: a command that finds all connections to Postgres in use is answered overloaded, as by HTTP", async () => {
  const Work = Type.Object({ ...PingFrame.properties, type: Type.Literal("work") });
  const work = command("work", Work, 1, async () => {
    throw new BusyError("all connections are in use", 700);
  });
  const fixture = await DoorFixture.start(LIMITS, [work]);
  try {
    const client = new Client(`${fixture.url}?token=u1`);
    await opened(client);
    client.send({ type: "work", id: "w1" });
    expect(await client.frame(({ type }) => type === "error")).toMatchObject({
      id: "w1",
      code: "overloaded",
      retryAfterMs: 700,
    });
  } finally {
    await fixture.close();
  }
});
