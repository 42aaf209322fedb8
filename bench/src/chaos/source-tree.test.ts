import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { FAULT_KINDS } from "./faults.ts";
import { MUTANTS } from "./mutants/all-mutants.ts";
import { makeSourceTree } from "./source-tree.ts";

it.each(MUTANTS)(
  "every text that the mutant $name replaces is still there",
  async ({ name, patches, kinds }) => {
    const tree = await makeSourceTree(`test-${name}`, patches);
    try {
      expect(await readFile(tree.entries["ws-producer"] as string, "utf8")).toContain("runService");
    } finally {
      await tree.remove();
    }
    expect(kinds.every((kind) => FAULT_KINDS.some((one) => one.name === kind))).toBe(true);
  },
);

it("refuses a patch whose text is not there", async () => {
  const patch = { file: "services/ws-producer/src/main.ts", search: "no such text", replacement: "" };
  await expect(makeSourceTree("test-none", [patch])).rejects.toThrow("out of date");
});
