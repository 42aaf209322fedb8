import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { MUTANTS } from "./mutants/mutants.ts";
import { scriptedSchedule } from "./schedule.ts";
import { makeSourceTree } from "./source-tree.ts";

it.each(MUTANTS)(
  "every text that the mutant $name replaces is still there",
  async ({ name, patches, script }) => {
    const tree = await makeSourceTree(`test-${name}`, patches);
    try {
      expect(await readFile(tree.entries["ws-producer"] as string, "utf8")).toContain("runService");
    } finally {
      await tree.remove();
    }
    expect(scriptedSchedule(1, script).faults.length).toBe(script.length);
  },
);

it("refuses a patch whose text is not there", async () => {
  const patch = { file: "services/ws-producer/src/main.ts", search: "no such text", replacement: "" };
  await expect(makeSourceTree("test-none", [patch])).rejects.toThrow("out of date");
});
