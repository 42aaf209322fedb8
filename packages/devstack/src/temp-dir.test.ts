import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

test("the temporary folder of a process goes when that process is killed", async () => {
  const script = `
    import { makeTempDir } from ${JSON.stringify(join(import.meta.dirname, "temp-dir.ts"))};
    console.log(await makeTempDir("killed"));
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const [line] = await once(child.stdout, "data");
  const folder = String(line).trim();
  expect(existsSync(folder)).toBe(true);
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(existsSync(join(folder, ".."))).toBe(false), {
    timeout: 15_000,
    interval: 200,
  });
});
