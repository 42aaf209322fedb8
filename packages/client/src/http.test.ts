import { expect, it } from "vitest";
import { createParley } from "./index.ts";
import { TestServer } from "./testing.ts";

it("understands what a proxy answers without a problem, and takes an origin with a slash", async () => {
  const urls: string[] = [];
  const parley = createParley({
    ...new TestServer().options,
    url: "https://chat.example/",
    auth: async () => "token",
    fetch: async (input) => {
      urls.push(String(input));
      return new Response("busy", { status: 429, headers: { "retry-after": "2" } });
    },
  });
  await expect(parley.request("GET", "/rooms/general")).rejects.toMatchObject({
    code: "rate_limited",
    isRetryable: true,
    retryAfterMs: 2_000,
  });
  expect(urls).toEqual(["https://chat.example/listen/api/v1/rooms/general?"]);
  await parley.close();
});
