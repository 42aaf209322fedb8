import { expect, test, vi } from "vitest";

const request = vi.fn(async () => ({ data: [{ id: "u1", username: "anna", displayName }] }));
let displayName = "Anna";
vi.mock("./parley.ts", () => ({ parley: { request }, keep: () => undefined, kept: async () => undefined }));

test("a name is asked for once in a minute, and shown as it is now", async () => {
  vi.useFakeTimers();
  const { nameOf } = await import("./names.ts");
  const anna = { id: "u1", username: "anna" };
  expect(nameOf(anna)).toBe("anna");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(nameOf(anna)).toBe("Anna");
  displayName = "Anna Maria";
  await vi.advanceTimersByTimeAsync(30_000);
  nameOf(anna);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(request).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(30_000);
  nameOf(anna);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(nameOf(anna)).toBe("Anna Maria");
  expect(request).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
