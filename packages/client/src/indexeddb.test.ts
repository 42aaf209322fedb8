import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import { indexedDbStore } from "./indexeddb.ts";

it("keeps, lists by prefix in order, removes and clears", async () => {
  const store = indexedDbStore("test");
  for (const key of ["outbox/b", "outbox/a", "cache/x"]) await store.set(key, { key });
  expect(await store.get("cache/x")).toEqual({ key: "cache/x" });
  expect(await store.list("outbox/")).toEqual([
    ["outbox/a", { key: "outbox/a" }],
    ["outbox/b", { key: "outbox/b" }],
  ]);
  await store.set("outbox/a", undefined);
  expect((await store.list("outbox/")).map(([key]) => key)).toEqual(["outbox/b"]);
  expect(await indexedDbStore("test").get("outbox/b")).toEqual({ key: "outbox/b" });
  await store.clear();
  expect(await store.list("")).toEqual([]);
});
