import { expect, it } from "vitest";
import { createMayPost, createTakeChannel, RightsCache } from "./room-access.ts";

it("A: channels that a user makes by messages have a quota; those that a user posts to, and others, go on", async () => {
  const left = new Map<string, number>();
  const take = (userId: string) => {
    const units = left.get(userId) ?? 2;
    left.set(userId, Math.max(0, units - 1));
    return units > 0 ? 0 : 1_000;
  };
  const rights = new RightsCache({
    read: async (key) => (key.includes("made") ? { version: 1, state: "open" } : undefined),
    now: () => 0,
  });
  const mayPost = createMayPost(rights, true, createTakeChannel(take, 2));
  const post = async (room: string, user: string) => await mayPost(room, user);
  expect(await post("one", "u1")).toBe(true);
  expect(await post("two", "u1")).toBe(true);
  await expect(post("three", "u1")).rejects.toMatchObject({
    code: "quota_exceeded",
    message: expect.stringContaining("CHANNELS_MADE_PER_HOUR is 2"),
    retryAfterMs: 1_000,
  });
  expect(await post("one", "u1")).toBe(true);
  expect(await post("made", "u1")).toBe(true);
  expect(await post("three", "u2")).toBe(true);
});
