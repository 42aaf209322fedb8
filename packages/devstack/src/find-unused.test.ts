import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findUnused } from "./find-unused.ts";
import { makeTempDir } from "./temp-dir.ts";

const TREE = {
  "packages/a/package.json":
    '{"dependencies":{"left":"1"},"devDependencies":{"@types/right":"1","gone":"1"}}',
  "packages/a/src/one.ts": [
    'import left from "left";',
    'import type { R } from "right/types";',
    "export const imported = 1;",
    "export async function forgotten() {}",
    "export type OnlyHere = R;",
    "const own = 1;",
  ].join("\n"),
  "packages/a/src/two.ts": "export const inNamespace = 1;",
  "packages/a/src/three.ts": "export class Lazy {}",
  "packages/a/src/dialect.ts": "export const byPath = 1;",
  "e2e/src/all.test.ts": [
    "import {",
    "  imported as renamed,",
    '} from "@parley/a/one";',
    'import * as two from "../../packages/a/src/two.ts";',
    'const lazy = await import("@parley/a/three");',
  ].join("\n"),
};

test("finds exports and dependencies that nothing imports", async () => {
  const root = await makeTempDir("unused");
  for (const [path, text] of Object.entries(TREE)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  expect(findUnused(root)).toEqual([
    "packages/a/src/one.ts: forgotten",
    "packages/a/src/one.ts: OnlyHere",
    "packages/a/package.json: gone",
  ]);
});
