import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(join(import.meta.dirname, path), "utf8");
const ENTRIES = Object.values(JSON.parse(read("../package.json")).exports as Record<string, string>).map(
  (path) => path.replace("./src/", "./"),
);

/** The declarations that an entry exports, each as its file and name. */
function exportsOf(entry: string): { file: string; name: string }[] {
  const text = read(entry);
  const own = [...text.matchAll(/^export (?:async )?(?:function|const|class|interface|type) (\w+)/gm)];
  const passed = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)"/gm)];
  return [
    ...own.map(([, name = ""]) => ({ file: entry, name })),
    ...passed.flatMap(([, names = "", file = ""]) =>
      [...names.matchAll(/(?:type )?(\w+)/g)].map(([, name = ""]) => ({ file, name })),
    ),
  ];
}

/** Lines of a declaration that stand without a doc comment: its first one, and those of its methods. */
function undocumented(file: string, name: string): string[] {
  const lines = read(file).split("\n");
  const isDeclared = new RegExp(`^export (async )?(function|const|class|interface|type) ${name}\\b`);
  const begin = lines.findIndex((line) => isDeclared.test(line));
  const end = lines.findIndex((line, at) => at >= begin && /^\}|;$/.test(line) && !line.startsWith(" "));
  const hasMethods = /^export (class|interface) /.test(lines[begin] ?? "");
  const isMethod = (line: string) => hasMethods && /^ {2}(?!constructor\b)\w+(<[^(]*>)?\(/.test(line);
  return lines
    .slice(begin, end)
    .filter((line, i) => (i === 0 || isMethod(line)) && !lines[begin + i - 1]?.endsWith("*/"))
    .map((line) => `${file}: ${line.trim()}`);
}

it("every public export and its methods have a doc comment, as `make docs-client` shows them", () => {
  const all = ENTRIES.flatMap(exportsOf);
  expect(all.length).toBeGreaterThan(60);
  expect(all.flatMap(({ file, name }) => undocumented(file, name))).toEqual([]);
});
