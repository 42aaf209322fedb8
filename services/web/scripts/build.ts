import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "vite";

const WORKSPACE = resolve(import.meta.dirname, "..");
const DIST = join(WORKSPACE, "dist");
/** What the first load may cost, gzipped; over it the build warns, from `BYTES_MAX` of script on it fails. */
const BUDGET = { js: 45_000, css: 8_000 } as const;
const SCRIPT_BYTES_MAX = 50_000;
const COMPRESSED = /\.(js|css|html|svg|json|webmanifest)$/;

const say = (line: string) => process.stdout.write(`page: ${line}\n`);

await build({
  root: join(WORKSPACE, "page"),
  configFile: false,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: DIST,
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: join(WORKSPACE, "page/index.html"), sw: join(WORKSPACE, "worker/sw.ts") },
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        // The first load is one file, as one compresses better than the parts that later screens share.
        codeSplitting: { groups: [{ name: "page", test: /page\/main\.tsx$/ }] },
      },
    },
  },
});

/** Writes each text's compressed forms beside it; the server picks one. */
async function compress(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !COMPRESSED.test(entry.name)) continue;
    const bytes = await readFile(path);
    await writeFile(`${path}.br`, brotliCompressSync(bytes));
    await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

/** Gzipped bytes of what the document loads by itself, by ending. */
async function firstLoad(): Promise<{ js: number; css: number }> {
  const html = await readFile(join(DIST, "index.html"), "utf8");
  const sums = { js: 0, css: 0 };
  for (const [, path = "", ending] of html.matchAll(/(?:src|href)="\/([^"]+\.(js|css))"/g))
    sums[ending as "js" | "css"] += (await readFile(join(DIST, `${path}.gz`))).length;
  return sums;
}

await compress(DIST);
const sums = await firstLoad();
say(`first load: ${sums.js} bytes of script and ${sums.css} of CSS, gzipped`);
for (const ending of ["js", "css"] as const)
  if (sums[ending] > BUDGET[ending]) say(`over its budget of ${BUDGET[ending]} bytes: ${ending}`);
if (sums.js > SCRIPT_BYTES_MAX || sums.css > BUDGET.css) {
  say(`the first load is too large: at most ${SCRIPT_BYTES_MAX} bytes of script and ${BUDGET.css} of CSS`);
  process.exitCode = 1;
}
