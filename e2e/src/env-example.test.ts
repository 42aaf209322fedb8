import { execFileSync } from "node:child_process";
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseEnv } from "node:util";
import { REPOSITORY } from "@parley/devstack/environment";
import { PROGRAMS, programVariable } from "@parley/devstack/programs";
import { PORTS } from "@parley/devstack/stack-services";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { stackOptionsFrom } from "@parley/operate/settings";
import { describe, expect, test } from "vitest";
import { CanaryConfig } from "../../deploy/image/canary-config.ts";
import { AuthConfig } from "../../services/auth/src/config.ts";
import { WebConfig } from "../../services/web/src/config.ts";
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
  web: variables(WebConfig),
  canary: variables(CanaryConfig),
};

/** Names that the devstack and the tools of operators read, from their sources. */
function toolNames(): string[] {
  const files = globSync("packages/{devstack,operate}/src/**/*.ts", { cwd: REPOSITORY }).filter(
    (file) => !file.endsWith(".test.ts"),
  );
  const reads = /(?:ariable\(\s*\w+,\s*"|\benv\.)([A-Z][A-Z0-9_]+)/g;
  const names = files.flatMap((file) => [...read(file).matchAll(reads)].map(([, name]) => name as string));
  return [...names, ...Object.keys(PORTS), ...Object.keys(PROGRAMS).map(programVariable)];
}

const compose = read("docker-compose.yml");
const composeFiles = [
  compose,
  ...globSync(join(REPOSITORY, "deploy/compose/*.yml")).map((file) => readFileSync(file, "utf8")),
];
/**
 * What docker-compose.yml and what it includes take from the environment: secrets have no default, nor has a part of an
 * address.
 */
const composeVariables = [
  ...composeFiles.join().matchAll(/(:\/\/)?\$\{([A-Z][A-Z0-9_]*)(?::-([^}$]*)(\$?)|(:\?))?/g),
].map(([, isPart, name, fallback, isDerived, isSecret]) => ({
  name: name as string,
  fallback: isPart ? undefined : fallback,
  isDerived,
  isSecret,
}));
/** The defaults that it gives; others follow from another variable. */
const composeDefaults = composeVariables.filter(
  ({ fallback, isDerived }) => fallback !== undefined && !isDerived,
);

/** Names that a part of docker-compose.yml sets, with those of the anchors that it merges. */
function namesIn(part: string): string[] {
  const [, text = ""] = compose.split(new RegExp(`^(?:  )?${part}:.*\n`, "m"));
  const own = text.split(/^(?: {2})?[a-z]/m)[0] ?? "";
  const merged = [...own.matchAll(/<<: \*((?:socket-)?environment)/g)].flatMap(([, name]) =>
    namesIn(`x-${name}`),
  );
  return [...merged, ...[...own.matchAll(/^ +([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name as string)];
}

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
      ...toolNames(),
      ...composeVariables.map(({ name }) => name),
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
      expect([name, exampleOf(name)?.value]).toEqual([name, fallback]);
  });

  test.each([
    ["auth-service", schemas.auth],
    ["ws-producer-app", schemas["ws-producer"]],
    ["ws-consumer-app", schemas["ws-consumer"]],
    ["web", schemas.web],
  ])("J: docker-compose.yml passes on every variable of %s", (service, properties) => {
    // Ports inside of containers are the defaults; that of the chat page is in an origin.
    const wanted = Object.keys(properties).filter((name) => name === "WEB_PORT" || !name.endsWith("_PORT"));
    expect(wanted.filter((name) => !namesIn(service).includes(name))).toEqual([]);
  });

  test("make-secrets.sh makes each secret once, in a file for its owner only", async () => {
    const file = join(await makeTempDir("secrets"), ".env");
    writeFileSync(file, "NATS_AUTH_PASSWORD=mine\nPOSTGRES_PASSWORD=");
    const make = () => execFileSync(join(REPOSITORY, "deploy/make-secrets.sh"), [file], { encoding: "utf8" });
    const told = make();
    const made = parseEnv(readFileSync(file, "utf8"));
    const secrets = composeVariables.filter(({ isSecret }) => isSecret).map(({ name }) => name);
    expect(Object.keys(made).sort()).toEqual([...new Set(secrets)].sort());
    expect(secrets.filter((name) => /PASSWORD|TOKEN/.test(name))).toEqual(secrets);
    for (const [name, value] of Object.entries(made)) {
      expect(value).toMatch(name === "NATS_AUTH_PASSWORD" ? /^mine$/ : /^p[0-9a-f]{36}$/);
      expect(told.includes(`made ${name} `)).toBe(value !== "mine");
      expect(told).not.toContain(value);
    }
    expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, "utf8");
    expect(make()).toBe("");
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("is explained in the schemas too", () => {
    const silent = Object.values(schemas).flatMap((properties) =>
      Object.entries(properties).filter(([, { description }]) => description === undefined),
    );
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});
