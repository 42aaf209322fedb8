import { expect, test, vi } from "vitest";
import { createNames } from "./known-names.ts";

test("a name is asked for once in a minute, and shown as it is now", async () => {
  vi.useFakeTimers();
  let displayName = "Anna";
  let requests = 0;
  const askFor = async () => {
    requests += 1;
    return [{ id: "u1", username: "anna", displayName }];
  };
  const { nameOf } = createNames(askFor, () => undefined);
  const anna = { id: "u1", username: "anna" };
  expect(nameOf(anna)).toBe("anna");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(nameOf(anna)).toBe("Anna");
  displayName = "Anna Maria";
  await vi.advanceTimersByTimeAsync(30_000);
  nameOf(anna);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requests).toBe(1);
  await vi.advanceTimersByTimeAsync(30_000);
  nameOf(anna);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(nameOf(anna)).toBe("Anna Maria");
  expect(requests).toBe(2);
  vi.useRealTimers();
});
