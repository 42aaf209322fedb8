import { expect, it } from "vitest";
import { channelIdOf } from "./channel-id.ts";

it.each([
  ["Design", "design"],
  ["  Release Notes! ", "release-notes"],
  ["Über uns", "uber-uns"],
  ["_x_", "x_"],
  ["日本語", ""],
  ["a".repeat(80), "a".repeat(64)],
  [`${"a".repeat(63)} b`, "a".repeat(63)],
])("makes the id of a channel: %j → %j", (name, id) => {
  expect(channelIdOf(name)).toBe(id);
});
