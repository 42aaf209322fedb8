import { expect, it } from "vitest";
import { createTogether } from "./together.ts";

type Go = { keys: readonly string[]; end: (error?: Error) => void };

/** Asks that end when the test says so; the answer to a key is the key in capitals, and "none" has none. */
function script(most = 1_000) {
  const goes: Go[] = [];
  const ask = createTogether<string, string>((keys) => {
    const { promise, resolve, reject } = Promise.withResolvers<Map<string, string>>();
    const answers = keys.filter((key) => key !== "none").map((key) => [key, key.toUpperCase()] as const);
    goes.push({ keys, end: (error) => (error ? reject(error) : resolve(new Map(answers))) });
    return promise;
  }, most);
  return { goes, ask };
}
const keysOf = (goes: readonly Go[]) => goes.map(({ keys }) => keys);
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("asks at once after a pause, and about those who come next in one go, though the first is not answered", async () => {
  const { goes, ask } = script();
  const answers = ["a", "b", "none", "b"].map(ask);
  expect(keysOf(goes)).toEqual([["a"]]);
  await pass(20);
  expect(keysOf(goes)).toEqual([["a"], ["b", "none"]]);
  answers.push(ask("c"));
  expect(keysOf(goes)).toEqual([["a"], ["b", "none"], ["c"]]);
  for (const { end } of goes) end();
  expect(await Promise.all(answers)).toEqual(["A", "B", undefined, "B", "C"]);
});

it("asks anew about a key that is being asked about: an answer is never older than its question", async () => {
  const { goes, ask } = script();
  void ask("a");
  void ask("a");
  await pass(20);
  expect(keysOf(goes)).toEqual([["a"], ["a"]]);
});

it("fails only those who were in the go that failed", async () => {
  const { goes, ask } = script();
  const [a, b] = ["a", "b"].map(ask);
  await pass(20);
  goes[0]?.end(new Error("away"));
  goes[1]?.end();
  await expect(a).rejects.toThrow("away");
  expect(await b).toBe("B");
});

it("lets no more than so many wait", async () => {
  const { goes, ask } = script(3);
  for (const key of ["a", "b", "c", "d", "e"]) void ask(key);
  expect(keysOf(goes)).toEqual([["a"], ["b", "c", "d"]]);
  await pass(20);
  expect(keysOf(goes)).toEqual([["a"], ["b", "c", "d"], ["e"]]);
});
