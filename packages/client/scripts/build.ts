import { execFile } from "node:child_process";
import { cp, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { rolldown } from "rolldown";

const run = promisify(execFile);
const PACKAGE = resolve(import.meta.dirname, "..");
const REPOSITORY = resolve(PACKAGE, "../..");

type Manifest = { exports: Record<string, string>; [key: string]: unknown };
const manifest = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8")) as Manifest;

/** The names of the entries: `index` for `.`, `tabs` for `./tabs`. */
const ENTRIES = Object.values(manifest.exports).map((source) => source.replace(/^\.\/src\/(.*)\.ts$/, "$1"));

/** Builds the package as it is published into `folder`: ES modules, declarations, manifest, README and LICENSE. */
async function buildPackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const input = Object.fromEntries(ENTRIES.map((name) => [name, join(PACKAGE, `src/${name}.ts`)]));
  const bundle = await rolldown({ input, external: ["react"], transform: { target: "es2022" } });
  await bundle.write({ dir: folder, format: "esm", chunkFileNames: "shared-[hash].js" });
  const tsc = join(REPOSITORY, "node_modules/.bin/tsc");
  const types = join(folder, "types");
  await run(tsc, ["-p", join(PACKAGE, "tsconfig.build.json"), "--outDir", types], { cwd: PACKAGE });
  for await (const name of glob("*.d.ts", { cwd: types })) {
    const text = await readFile(join(types, name), "utf8");
    await writeFile(join(types, name), text.replace(/(from "\.\/[^"]+)\.ts"/g, '$1.js"'));
  }
  await cp(join(PACKAGE, "README.md"), join(folder, "README.md"));
  await cp(join(REPOSITORY, "LICENSE"), join(folder, "LICENSE"));
  await writeFile(join(folder, "package.json"), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
}

/** The manifest without what only this repository needs; entries point at the built files. */
function publishedManifest(): object {
  const { scripts: _, devDependencies: __, exports: ___, ...rest } = manifest;
  const exports = Object.entries(manifest.exports).map(([path], i) => [
    path,
    { types: `./types/${ENTRIES[i]}.d.ts`, default: `./${ENTRIES[i]}.js` },
  ]);
  return { ...rest, exports: Object.fromEntries(exports) };
}

await buildPackage(resolve(process.argv[2] ?? join(PACKAGE, "dist")));
