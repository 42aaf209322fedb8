import { expect, it } from "vitest";
import { checkReadiness, PartialFault } from "./health.ts";

const fail = (error: Error) => () => Promise.reject(error);
const partial = fail(new PartialFault("nobody writes shard 3"));
const whole = fail(new Error("Postgres does not answer"));

it.each([
  ["is well", {}, true, true],
  ["misses some shards", { writers: partial }, false, true],
  ["misses what it needs", { postgres: whole }, false, false],
  ["misses both", { writers: partial, postgres: whole }, false, false],
  [
    "has a check that throws at once",
    {
      log: () => {
        throw new PartialFault("CHAT_3");
      },
    },
    false,
    true,
  ],
])("an instance that %s", async (_what, checks, ready, takesTraffic) => {
  const found = await checkReadiness({ good: () => undefined, ...checks });
  expect([found.ready, found.takesTraffic]).toEqual([ready, takesTraffic]);
  expect(found.checks).toMatchObject({
    good: "ok",
    ...("writers" in checks && { writers: "nobody writes shard 3" }),
  });
});
