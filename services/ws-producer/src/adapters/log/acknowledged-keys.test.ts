import { messageKey } from "@parley/protocol/log";
import { expect, test } from "vitest";
import { AcknowledgedKeys } from "./acknowledged-keys.ts";

const SLOTS = 65_536;
const keys = (count: number, of = "user") =>
  Array.from({ length: count }, (_, i) => messageKey("general", of, `m${i}`));

test("knows the newest of what was added, and nothing that was not", () => {
  const table = new AcknowledgedKeys(SLOTS);
  const added = keys(3 * SLOTS);
  for (const key of added) table.add(key);
  const known = (some: readonly string[]) => some.filter((key) => table.has(key)).length;
  expect(known(added.slice(-SLOTS / 4))).toBe(SLOTS / 4);
  expect(known(added.slice(-SLOTS / 2))).toBeGreaterThan((SLOTS / 2) * 0.99);
  expect(known(added)).toBeLessThanOrEqual(SLOTS);
  expect(known(keys(10_000, "another"))).toBe(0);
  table.clear();
  expect(known(added)).toBe(0);
});

test("takes nothing that is no key", () => {
  const table = new AcknowledgedKeys(16);
  const [key = ""] = keys(1);
  for (const text of ["", "short", `${key}x`, `${key.slice(0, -1)}`]) table.add(text);
  expect(["", "short", `${key}x`, key.slice(0, -1), key].filter((text) => table.has(text))).toEqual([]);
});
