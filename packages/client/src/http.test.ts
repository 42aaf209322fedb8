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

/** A body of which the rest never comes. */
const cutOff = () =>
  new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{"data":[')) });

it("an answer that is cut off, or is a portal's page, is none: `network`, to be tried again", async () => {
  const bodies = ["<html>Please sign in</html>", '{"data":['];
  const { options } = new TestServer();
  const fetch = async () => new Response(bodies.pop());
  const parley = createParley({ ...options, auth: async () => "token", fetch });
  for (let i = 0; i < 2; i += 1)
    await expect(parley.rooms.list()).rejects.toMatchObject({ code: "network", isRetryable: true });
  await parley.close();
});

it("closing while an answer is being read leaves no rejection", async () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  process.on("unhandledRejection", note);
  const { options } = new TestServer();
  const asked = Promise.withResolvers<void>();
  const parley = createParley({
    ...options,
    auth: async () => "token",
    async fetch(_url, { signal } = {}) {
      asked.resolve();
      return new Response(cutOff().pipeThrough(new TransformStream(), { signal: signal as AbortSignal }));
    },
  });
  parley.presence("somebody").subscribe(() => undefined);
  const listed = parley.rooms.list().catch(({ code }) => code);
  await asked.promise;
  await new Promise((resolve) => setTimeout(resolve, 20));
  await parley.close();
  expect(await listed).toBe("closed");
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
