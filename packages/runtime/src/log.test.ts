import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { expect, it } from "vitest";
import { createLog } from "./log.ts";

/** The text that a log writes while `work` runs. */
function written(work: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  const log = createLog("test", "trace", {
    write: (line) => void lines.push(line),
  });
  work(log);
  return lines.join("");
}

const caught = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
};

it.each([
  ["of invalid JSON", () => caught(() => JSON.parse("secret"))],
  ["of a long invalid text", () => caught(() => JSON.parse(`secret ${"x".repeat(100)}`))],
  ["of truncated JSON", () => caught(() => JSON.parse('{"a":"secret"'))],
  ["of a cause", () => new Error("outer", { cause: caught(() => JSON.parse("secret")) })],
  [
    "that Postgres quotes",
    () =>
      Object.assign(new Error("violates check constraint"), {
        detail: "Failing row contains (secret)",
        where: "JSON data, line 1: secret",
        parameters: ["secret"],
      }),
  ],
])("a logged error quotes no input %s", (_what, error) => {
  const text = written((log) => log.error({ err: error() }, "failed"));
  expect(text).not.toContain("secre");
  expect(JSON.parse(text).err.stack).toContain("log.test.ts");
});

it.each(["token", "refreshToken", "password", "authorization", "cookie"])("censors the field %s", (field) => {
  const text = written((log) => {
    log.info({ [field]: "hush" }, "at the top");
    log.info({ body: { [field]: "hush" } }, "one level down");
    log.info({ request: { headers: { [field]: "hush" } } }, "two levels down");
  });
  expect(text.match(/hush/g)).toBeNull();
  expect(text.match(/\[secret\]/g)).toHaveLength(3);
});

it("J: a full disk under the log ends no process, and holds a limited part of what it could not write", ({
  skip,
}) => {
  if (process.platform !== "linux") return skip("there is no /dev/full here");
  const full = openSync("/dev/full", "w");
  const program = `
    import { createLog } from "${new URL("log.ts", import.meta.url)}";
    const log = createLog("test", "info");
    for (let i = 0; i < 20_000; i += 1) log.info({ text: "x".repeat(1_000) }, "not written");
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.error(process.memoryUsage().rss < 200e6 ? "lives" : "too large");`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
    timeout: 20_000,
  });
  closeSync(full);
  expect([status, stderr]).toEqual([0, "lives\n"]);
});
