import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askTogether } from "./ask-together.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("ids that are wanted together are asked for in requests of 100, each once in a minute", async () => {
  const requests: (readonly string[])[] = [];
  const want = askTogether(async (ids) => void requests.push(ids));
  const all = Array.from({ length: 101 }, (_, i) => `u${i}`);
  for (const id of [...all, "u0"]) want(id);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requests).toEqual([all.slice(0, 100), ["u100"]]);
  await vi.advanceTimersByTimeAsync(30_000);
  want("u0");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requests).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(30_000);
  want("u0");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requests.slice(2)).toEqual([["u0"]]);
});

test("what could not be asked for is asked for again when it is wanted next", async () => {
  let calls = 0;
  const want = askTogether(async () => {
    calls += 1;
    if (calls === 1) throw new Error("no network");
  });
  want("u1");
  await vi.advanceTimersByTimeAsync(1_000);
  want("u1");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls).toBe(2);
});
