import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const REPOSITORY = resolve(import.meta.dirname, "../..");
const FIXTURES = join(REPOSITORY, "lint-fixtures/tree");

type Diagnostic = { category: string; message: string; location: { path: string } };
type Rules = Record<string, Record<string, unknown>>;
type BiomeConfig = {
  files: { includes?: string[] };
  vcs?: unknown;
  linter: { rules: Rules };
  overrides: { linter: { rules: Rules } }[];
};

const config = JSON.parse(readFileSync(join(REPOSITORY, "biome.json"), "utf8")) as BiomeConfig;

/** Runs Biome with our rules over a copy of the fixtures, outside the repository, which leaves them out. */
function lintFixtures(): Diagnostic[] {
  const folder = mkdtempSync(join(tmpdir(), "parley-lint-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(FIXTURES, folder, { recursive: true });
  const { vcs: _, $schema: __, ...rules } = config as BiomeConfig & { $schema?: string };
  writeFileSync(
    join(folder, "biome.json"),
    JSON.stringify({ ...rules, files: { ignoreUnknown: true, includes: ["**", "!!biome.json"] } }),
  );
  const biome = join(REPOSITORY, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--reporter=json", "--max-diagnostics=none", "."];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26 });
  const report = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
  return report.diagnostics;
}

/** What the first line of a fixture says that Biome must say, `rule` or `rule, rule`; empty for nothing. */
function expectedIn(file: string): string[] {
  const line = /^\/\/ expect: (.+)$/m.exec(readFileSync(join(FIXTURES, file), "utf8"))?.[1];
  if (line === undefined) throw new Error(`lint-fixtures/tree/${file} does not say what to expect`);
  return line === "nothing" ? [] : line.split(", ").sort();
}

/** `lint/style/noEnum` and so on: every rule that the config turns on by name. */
function configuredRules(): string[] {
  const groups = Object.entries(config.linter.rules).filter(([, rules]) => typeof rules === "object");
  return groups.flatMap(([group, rules]) => Object.keys(rules).map((rule) => `lint/${group}/${rule}`));
}

/** The message of every restricted import, at the root and in the overrides. */
function importMessages(): string[] {
  const places = [config, ...config.overrides].map(({ linter }) => linter.rules.style?.noRestrictedImports);
  type Restricted = { options: { patterns: { message: string }[] } };
  const restricted = places.filter((rule): rule is Restricted => typeof rule === "object" && rule !== null);
  return [...new Set(restricted.flatMap(({ options }) => options.patterns.map(({ message }) => message)))];
}

describe("the lint rules of the repository", () => {
  const diagnostics = lintFixtures();
  const files = globSync("**/*.ts", { cwd: FIXTURES });

  test.each(files)("%s: Biome says what the file expects, and nothing else", (file) => {
    const said = diagnostics.filter(({ location }) => location.path === file);
    expect([...new Set(said.map(({ category }) => category))].sort()).toEqual(expectedIn(file));
  });

  test("every rule that is turned on by name has an offence that shows that it fires", () => {
    const fired = new Set(diagnostics.map(({ category }) => category));
    expect(configuredRules().filter((rule) => !fired.has(rule))).toEqual([]);
  });

  test("every reason to refuse an import has an offence that shows it", () => {
    const said = new Set(diagnostics.map(({ message }) => message));
    expect(importMessages().filter((message) => !said.has(message))).toEqual([]);
  });
});
