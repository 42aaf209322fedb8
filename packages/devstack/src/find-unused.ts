import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const EXPORT =
  /^export (?:(?:declare|abstract|async) )*(?:const|let|function\*?|class|type|interface) (\w+)/gm;
/** Static imports and `export … from`; an import for its side effects has no names. */
const IMPORT = /^(?:import|export) (?:(?:type )?([^"';]+?) from )?"([^"]+)"/gm;
/** `import()` as an expression or a type, but not in a JSDoc tag. A computed part of the path matches anything. */
const DYNAMIC_IMPORT = /(?<!\{)\bimport\(\s*["`]([^"`]+)["`]/g;

/** Files that are loaded by a path: vitest's setup, and the dialects of the load generator. */
const LOADED_BY_PATH = /\/(vitest-setup|dialect|dialects\/[^/]+)\.ts$/;

type Manifest = Partial<Record<"dependencies" | "devDependencies", Record<string, string>>>;

/**
 * Finds exports that no other file imports and dependencies that no file of their workspace imports, as lines
 * `<file>: <name>`. Imports that are no dependencies are found by Biome. It matches the sources, which Biome formats,
 * with regular expressions, because TypeScript 7 has no API (docs/decisions/0017).
 */
export function findUnused(root: string): string[] {
  const isOurs = (path: string) => !/(^|\/)(node_modules|gen|dist|\..*)(\/|$)/.test(path);
  const find = (pattern: string) => globSync(pattern, { cwd: root }).filter(isOurs).sort();
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const sources = new Map(
    find("{packages,services,e2e,bench}/**/*.{ts,tsx}").map((path) => [path, read(path)]),
  );
  const resolve = (from: string, specifier: string) => {
    if (specifier.startsWith(".")) return relative(root, join(root, dirname(from), specifier));
    const path = specifier.replace(/^@parley\/([^/]+)\/(.+)$/, "$1/src/$2.ts");
    return sources.has(path) ? path : `packages/${path}`;
  };
  const used = new Set<string>();
  const wholeFiles: string[] = [];
  for (const [path, text] of sources) {
    for (const [, names = "*", specifier = ""] of text.matchAll(IMPORT))
      if (names.includes("*")) wholeFiles.push(resolve(path, specifier));
      else for (const [name] of names.matchAll(/\w+/g)) used.add(`${resolve(path, specifier)}: ${name}`);
    for (const [, specifier = ""] of text.matchAll(DYNAMIC_IMPORT))
      wholeFiles.push(...find(resolve(path, specifier.replaceAll(/\$\{[^}]*\}/g, "*"))));
  }
  const exported = [...sources].flatMap(([path, text]) =>
    LOADED_BY_PATH.test(path) || wholeFiles.includes(path)
      ? []
      : [...text.matchAll(EXPORT)].map(([, name]) => `${path}: ${name}`),
  );
  const unusedDependencies = find("{packages/*,services/*,e2e,bench}/package.json").flatMap((path) => {
    const { dependencies, devDependencies } = JSON.parse(read(path)) as Manifest;
    const texts = [...sources].filter(([source]) => source.startsWith(`${dirname(path)}/`));
    return Object.keys({ ...dependencies, ...devDependencies })
      .filter((name) => {
        const imported = new RegExp(`["'\`@]${name.replace(/^@types\//, "")}["'\`/]`);
        return !texts.some(([, text]) => imported.test(text));
      })
      .map((name) => `${path}: ${name}`);
  });
  return [...new Set(exported)].filter((name) => !used.has(name)).concat(unusedDependencies);
}

if (import.meta.main) {
  const unused = findUnused(process.cwd());
  for (const line of unused) process.stderr.write(`unused: ${line}\n`);
  process.exitCode = unused.length === 0 ? 0 : 1;
}
