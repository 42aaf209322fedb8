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
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("asks at once while few ask, and about those who come meanwhile in one go", async () => {
  const { goes, ask } = script();
  const answers = ["a", "b", "c", "none", "c"].map(ask);
  expect(keysOf(goes)).toEqual([["a"], ["b"]]);
  goes[0]?.end();
  await turn();
  expect(keysOf(goes)).toEqual([["a"], ["b"], ["c", "none"]]);
  goes[2]?.end();
  goes[1]?.end();
  expect(await Promise.all(answers)).toEqual(["A", "B", "C", undefined, "C"]);
});

it("asks anew about a key that is being asked about: an answer is never older than its question", async () => {
  const { goes, ask } = script();
  void ask("a");
  void ask("a");
  void ask("a");
  goes[0]?.end();
  await turn();
  expect(keysOf(goes)).toEqual([["a"], ["a"], ["a"]]);
});

it("fails only those who were in the go that failed, and goes on", async () => {
  const { goes, ask } = script();
  const [a, b, c] = ["a", "b", "c"].map(ask);
  goes[0]?.end(new Error("away"));
  await expect(a).rejects.toThrow("away");
  await turn();
  goes[1]?.end();
  goes[2]?.end();
  expect(await Promise.all([b, c])).toEqual(["B", "C"]);
});

it("lets no more than so many wait", () => {
  const { goes, ask } = script(3);
  for (const key of ["a", "b", "c", "d", "e", "f"]) void ask(key);
  expect(keysOf(goes)).toEqual([["a"], ["b"], ["c", "d", "e"]]);
});
