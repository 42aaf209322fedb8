import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { describe, expect, test } from "vitest";

const read = (path: string) => readFileSync(join(REPOSITORY, path), "utf8");
/** Tracked files, and new ones that git does not ignore. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: REPOSITORY,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(REPOSITORY, path)));
const folders = new Set(
  files.flatMap((path) => path.split("/").map((_, i, all) => all.slice(0, i).join("/"))),
);
const roots = new Set([...folders].filter((path) => path !== "" && !path.includes("/")));
const documents = files.filter((path) => path.endsWith(".md"));
const pages = files.filter((path) => /^docs\/decisions\/\d/.test(path));
const numberOf = (page: string) => page.slice("docs/decisions/".length).slice(0, 4);
const numbers = new Set(pages.map(numberOf));
/** Files that may cite a decision in a comment. */
const sources = files.filter(
  (path) =>
    /\.(ts|tsx|js|mjs|sql|conf|ya?ml|sh|css|proto)$|^(Makefile|Dockerfile|\.env\.example)$/.test(path) &&
    !path.endsWith("docs.test.ts"),
);

const findAll = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, found]) => found as string);
const BLOCK = /^```[\s\S]*?^```/gm;
const blocksOf = (document: string) => (read(document).match(BLOCK) ?? []).join("\n");
const proseOf = (document: string) => read(document).replace(BLOCK, "");

/** The anchors that GitHub gives to a document's headings. */
const anchorsOf = (document: string) =>
  findAll(proseOf(document), /^#+ +(.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );

/** Whether a relative link leads to no file, or to no heading of it. */
function isBroken(document: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document : relative(REPOSITORY, resolve(REPOSITORY, dirname(document), path));
  if (!files.includes(target) && !folders.has(target)) return true;
  return anchor !== undefined && !anchorsOf(target).includes(anchor);
}

/** Whether text in backticks is a path below a folder of the root (no pattern) that does not exist. */
function isMissing(text: string): boolean {
  const path = text.replace(/\/$/, "");
  const isPath = roots.has(path.split("/")[0] as string) && /^[\w./@-]+$/.test(path);
  if (path.startsWith("docs/decisions/") && numbers.has(path.slice("docs/decisions/".length))) return false;
  // Made by commands, not committed.
  if (!isPath || /^bench\/results|node_modules|^proto\/gen|^deploy\/k8s\/\.env$/.test(path)) return false;
  return !files.includes(path) && !folders.has(path);
}

/** All targets of the Makefile, as make itself reads it. */
async function makeTargets(): Promise<Set<string>> {
  const { stdout } = await runCommand("make", ["-pRrq", ":"], { cwd: REPOSITORY });
  return new Set(findAll(stdout, /^([a-z][\w-]*):/gm));
}

describe("documents", () => {
  test("link to files and headings that exist", () => {
    const broken = documents.flatMap((document) =>
      findAll(proseOf(document), /\]\(([^)\s]+)\)/g)
        .filter((link) => !/^\w+:/.test(link) && isBroken(document, link))
        .map((link) => `${document}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test("name paths in backticks that exist", () => {
    const missing = documents.flatMap((document) =>
      findAll(proseOf(document), /`([^`\s]+\/[^`\s]*)`/g)
        .filter(isMissing)
        .map((path) => `${document}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  test("name targets of the Makefile and scripts of package.json", async () => {
    const named = (pattern: RegExp, textOf = read) => [
      ...new Set(documents.flatMap((path) => findAll(textOf(path), pattern))),
    ];
    const targets = await makeTargets();
    const used = [...named(/(?:`|=\S+ )make ([a-z][\w-]*)/g), ...named(/^make ([a-z][\w-]*)/gm, blocksOf)];
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((target) => !targets.has(target))).toEqual([]);
    const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
    expect(named(/npm run (?:-s |--silent )?([\w:-]+)/g).filter((name) => !(name in scripts))).toEqual([]);
  });

  test("are all on the map in docs/README.md", () => {
    const map = read("docs/README.md");
    const others = documents.filter((path) => !pages.includes(path) && path !== "docs/README.md");
    expect(others.filter((path) => !map.includes(`](${relative("docs", path)})`))).toEqual([]);
  });
});

describe("decisions", () => {
  test("have a number each, in their heading too, a date, context, decision and consequence", () => {
    expect([...numbers]).toEqual(pages.map(numberOf));
    const wrong = pages.filter((page) => {
      const text = read(page);
      const heading = new RegExp(`^# ${Number(numberOf(page))}\\. .+\n\n20\\d\\d-\\d\\d-\\d\\d`);
      const parts = [heading, /^## Context$/m, /^## Decision$/m, /^## Consequences?$/m];
      return !parts.every((part) => part.test(text));
    });
    expect(wrong).toEqual([]);
  });

  test("are cited by a number that exists", () => {
    const forms =
      /docs\/decisions\/(\d{4})|(?<=docs\/decisions\/\d{4}, )(\d{4})|\((00\d\d)\)|\b[Dd]ecisions? (\d{1,2})\b/g;
    const cited = [...sources, ...documents].flatMap((path) =>
      [...read(path).matchAll(forms)].map((found) => ({
        path,
        number: found
          .slice(1)
          .find((number) => number !== undefined)
          ?.padStart(4, "0") as string,
      })),
    );
    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter(({ number }) => !numbers.has(number))).toEqual([]);
  });

  test("are never cited as a whole in a source", () => {
    expect(sources.filter((path) => /docs\/decisions(?!\/\d{4})/.test(read(path)))).toEqual([]);
  });
});
