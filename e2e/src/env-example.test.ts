import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { stackOptionsFrom } from "@parley/devstack/stack-options";
import { PORTS } from "@parley/devstack/stack-services";
import { describe, expect, test } from "vitest";
import { AuthConfig } from "../../services/auth/src/config.ts";
import { ConsumerConfig } from "../../services/ws-consumer/src/config.ts";
import { ProducerConfig } from "../../services/ws-producer/src/config.ts";

const read = (file: string) => readFileSync(join(REPOSITORY, file), "utf8");

/** Variables of the operating system. */
const NOT_OURS = new Set(["PATH", "XDG_CACHE_HOME"]);

type Line = { name: string; value: string; isSet: boolean; isExplained: boolean };

/** `NAME=value` and `# NAME=value`; a comment line above explains it. */
function linesOfExample(): Line[] {
  const lines = read(".env.example").split("\n");
  return lines.flatMap((line, index) => {
    const [, hash, name, value] = /^(# )?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const above = lines[index - 1] ?? "";
    const isExplained = /^# (?!---)\S/.test(above) && !/^# [A-Z][A-Z0-9_]*=/.test(above);
    return [{ name, value, isSet: hash === undefined, isExplained }];
  });
}

type Variable = { default?: unknown; description?: string };
const variables = ({ properties }: { properties: object }) => properties as Record<string, Variable>;
const schemas = {
  auth: variables(AuthConfig),
  "ws-producer": variables(ProducerConfig),
  "ws-consumer": variables(ConsumerConfig),
};

/** Names that the devstack reads, from its sources. */
function devstackNames(): string[] {
  const files = globSync("packages/devstack/src/*.ts", { cwd: REPOSITORY }).filter(
    (file) => !file.endsWith(".test.ts"),
  );
  const reads = /(?:ariable\(\s*\w+,\s*"|\benv\.)([A-Z][A-Z0-9_]+)/g;
  const names = files.flatMap((file) => [...read(file).matchAll(reads)].map(([, name]) => name as string));
  return [...names, ...Object.keys(PORTS)];
}

/** Names and defaults that docker-compose.yml takes from the environment. */
const composeDefaults = [
  ...read("docker-compose.yml").matchAll(/\$\{([A-Z][A-Z0-9_]*)(?::?-([^}]*))?\}/g),
].map(([, name, fallback]) => ({ name: name as string, fallback: fallback ?? "" }));

const lines = linesOfExample();
const exampleOf = (name: string) => lines.find((line) => line.name === name);
/** A variable's default in .env.example; undefined if its line is commented out. */
const defaultIn = (name: string) => {
  const line = exampleOf(name);
  return line?.isSet === true ? line.value : undefined;
};

describe(".env.example", () => {
  const known = new Set(
    [
      ...Object.values(schemas).flatMap(Object.keys),
      ...devstackNames(),
      ...composeDefaults.map(({ name }) => name),
    ].filter((name) => !NOT_OURS.has(name)),
  );

  test("has every variable that is read, once, and no other", () => {
    expect(lines.map(({ name }) => name).sort()).toEqual([...known].sort());
  });

  test("explains each variable in the line above it", () => {
    expect(lines.filter(({ isExplained }) => !isExplained)).toEqual([]);
  });

  test.each(Object.entries(schemas))("gives the defaults of %s", (_service, properties) => {
    const wrong = Object.entries(properties).filter(([name, { default: value = "" }]) => {
      const line = exampleOf(name);
      if (line === undefined) return true;
      // A line that is commented out says "unset", and may show the default that then holds.
      return line.isSet ? line.value !== String(value) : value !== "" && line.value !== String(value);
    });
    expect(wrong.map(([name, { default: value }]) => `${name}=${value}`)).toEqual([]);
  });

  test("gives the defaults of the stack", () => {
    const { host, ports, dataDir } = stackOptionsFrom({});
    expect(defaultIn("HOST")).toBe(host);
    expect(defaultIn("DATA_DIR")).toBe(relative(REPOSITORY, dataDir));
    for (const [name, port] of Object.entries(ports ?? {}))
      expect([name, defaultIn(name)]).toEqual([name, port?.toString()]);
  });

  test("gives the defaults of docker-compose.yml", () => {
    for (const { name, fallback } of composeDefaults)
      expect([name, defaultIn(name)]).toEqual([name, fallback]);
  });

  test("is explained in the schemas too", () => {
    const silent = Object.values(schemas).flatMap((properties) =>
      Object.entries(properties).filter(([, { description }]) => description === undefined),
    );
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});
