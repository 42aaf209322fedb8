import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { expect, test } from "vitest";

const FIXTURES = join(REPOSITORY, "lint-fixtures/tree");
const FUNCTION_LINES_MAX = 70;

type Diagnostic = { category: string; message: string; location: { path: string; start: { line: number } } };
type Rules = Record<string, Record<string, unknown>>;
type BiomeConfig = { linter: { rules: Rules }; overrides: { linter: { rules: Rules } }[] };

const config = JSON.parse(readFileSync(join(REPOSITORY, "biome.json"), "utf8")) as BiomeConfig;

/**
 * Lints a copy of the fixtures with the repository's biome.json, outside the repository. Each workspace declares its
 * own packages of the repository and all vendors, so that a fixture may import a vendor that its workspace does not use.
 */
async function lintFixtures(): Promise<Diagnostic[]> {
  const folder = await makeTempDir("lint");
  cpSync(FIXTURES, folder, { recursive: true });
  const manifests = globSync("{bench,e2e,packages/*,services/*}/package.json", { cwd: REPOSITORY });
  const dependenciesOf = (path: string): [name: string, version: string][] => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(REPOSITORY, path), "utf8"));
    return Object.entries({ ...dependencies, ...devDependencies });
  };
  const vendors = manifests.flatMap(dependenciesOf).filter(([name]) => !name.startsWith("@parley/"));
  for (const path of manifests) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const dependencies = Object.fromEntries([...vendors, ...dependenciesOf(path)]);
    writeFileSync(join(folder, path), JSON.stringify({ dependencies }));
  }
  const long = `export function long(add: () => void): void {\n${"add();\n".repeat(FUNCTION_LINES_MAX + 1)}}\n`;
  writeFileSync(join(folder, "services/auth/src/long.ts"), long);
  const files = { includes: ["**/*.ts"] };
  writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...config, vcs: undefined, files }));
  const biome = join(REPOSITORY, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--reporter=json", "--max-diagnostics=none", "."];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
}

/** `path:line rule` for every rule named after `// !` on a line of a fixture. */
function plantedOffences(): string[] {
  return globSync("**/*.ts", { cwd: FIXTURES }).flatMap((path) =>
    readFileSync(join(FIXTURES, path), "utf8")
      .split("\n")
      .flatMap((line, index) =>
        (line.split("// ! ")[1]?.split(" ") ?? []).map((rule) => `${path}:${index + 1} ${rule}`),
      ),
  );
}

const ruleOf = ({ category }: Diagnostic): string => category.split("/").at(-1) ?? category;

/** The message of every restricted import, at the root and in the overrides. */
function importMessages(): string[] {
  type Restricted = { options: { patterns: { message: string }[] } } | undefined;
  return [config, ...config.overrides].flatMap(({ linter }) => {
    const restricted = linter.rules.style?.noRestrictedImports as Restricted;
    return restricted?.options.patterns.map(({ message }) => message) ?? [];
  });
}

const diagnostics = await lintFixtures();

test("Biome finds each planted offence, on its line, and nothing else", () => {
  // Biome reports an offence of a file's name on line 0.
  const placeOf = ({ location }: Diagnostic) => `${location.path}:${Math.max(1, location.start.line)}`;
  const found = diagnostics.map((one) => `${placeOf(one)} ${ruleOf(one)}`);
  const planted = [...plantedOffences(), "services/auth/src/long.ts:1 noExcessiveLinesPerFunction"];
  expect([...new Set(found)].sort()).toEqual(planted.sort());
});

test("every rule that biome.json names is broken by a fixture", () => {
  const groups = Object.values(config.linter.rules).filter((rules) => typeof rules === "object");
  const found = new Set(diagnostics.map(ruleOf));
  expect(groups.flatMap(Object.keys).filter((rule) => !found.has(rule))).toEqual([]);
});

test("every message about a refused import is given for a fixture", () => {
  const given = new Set(diagnostics.map(({ message }) => message));
  expect(importMessages().filter((message) => !given.has(message))).toEqual([]);
});
