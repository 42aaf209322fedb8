import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);
const PACKAGE = resolve(import.meta.dirname, "..");
const BIN = resolve(PACKAGE, "../../node_modules/.bin");
/** Largest entries, minified and gzipped. */
const SIZES = {
  index: "12 kB",
  account: "1 kB",
  admin: "4 kB",
  invitations: "1 kB",
  tabs: "4 kB",
  indexeddb: "4 kB",
};

let folder: string;
let tarball: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-client-"));
  const dist = join(folder, "dist");
  await run(process.execPath, [join(PACKAGE, "scripts/build.ts"), dist]);
  const { stdout } = await run("npm", ["pack", dist, "--pack-destination", folder, "--json"], {
    cwd: folder,
  });
  const packed = JSON.parse(stdout);
  tarball = join(folder, (packed[0] ?? Object.values(packed)[0]).filename);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("publint has nothing to say", async () => {
  const manifest = JSON.parse(await readFile(join(folder, "dist/package.json"), "utf8"));
  const { messages } = await publint({ pkgDir: join(folder, "dist"), strict: true });
  expect(messages.map((one) => formatMessage(one, manifest))).toEqual([]);
});

it("its types resolve for users of ES modules", async () => {
  const attw = fileURLToPath(import.meta.resolve("@arethetypeswrong/cli/package.json"));
  const command = join(dirname(attw), "dist/index.js");
  // It exits with 1 if it finds a problem.
  await run(process.execPath, [command, tarball, "--profile", "esm-only"]);
});

/** Bundles an entry as Vite does for an application. */
async function bundle(entry: string): Promise<string> {
  const bundled = await rolldown({ input: join(folder, `dist/${entry}.js`) });
  const { output } = await bundled.generate({ format: "esm", minify: true });
  return output[0].code;
}

it("its entries are small", async () => {
  const files = Object.keys(SIZES).map((name) => join(folder, `${name}.min.js`));
  for (const [i, name] of Object.keys(SIZES).entries()) await writeFile(files[i] ?? "", await bundle(name));
  const limits = Object.values(SIZES).map((limit, i) => ({ path: files[i], limit, gzip: true }));
  await writeFile(join(folder, ".size-limit.json"), JSON.stringify(limits));
  await writeFile(
    join(folder, "package.json"),
    '{"name":"sizes","devDependencies":{"@size-limit/file":"*"}}',
  );
  const limit = [join(BIN, "size-limit"), "--json"];
  const { stdout } = await run(process.execPath, limit, { cwd: folder }).catch((error) => error);
  expect(JSON.parse(stdout).filter(({ passed }: { passed: boolean }) => !passed)).toEqual([]);
});

it("is installed from its tarball into an empty project, without the network", async () => {
  const project = await mkdtemp(join(tmpdir(), "parley-project-"));
  try {
    await writeFile(join(project, "package.json"), '{"type":"module","private":true}');
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { cwd: project });
    const program = `
      import { createParley, ParleyError } from "@parley/client";
      import { shareTabs } from "@parley/client/tabs";
      import { indexedDbStore } from "@parley/client/indexeddb";
      import { createTestClock } from "@parley/client/testing";
      const parley = createParley({ url: "http://127.0.0.1:1", auth: async () => "t", WebSocket: class {} });
      console.log(parley.status.value.state, typeof shareTabs, typeof indexedDbStore, typeof createTestClock, ParleyError.name);
      await parley.close();
    `;
    await writeFile(join(project, "main.js"), program);
    const { stdout } = await run(process.execPath, ["main.js"], { cwd: project });
    expect(stdout).toBe("idle function function function ParleyError\n");
    const { stdout: tree } = await run("npm", ["ls", "--all", "--json"], { cwd: project });
    expect(Object.keys(JSON.parse(tree).dependencies)).toEqual(["@parley/client"]);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
});
