import { readdirSync, readFileSync } from "node:fs";
import { utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { runCommand } from "@parley/devstack/run-command";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { K8S, read, render } from "./kubernetes-manifests.ts";

test("secrets.sh makes every secret that is referred to", async () => {
  const file = join(await makeTempDir("k8s-secrets"), ".env");
  const kubectl = await findProgram("kubectl", { env: process.env, onProgress: console.log });
  // What is exported is not taken for what the file has.
  const env = {
    ...process.env,
    PATH: `${dirname(kubectl)}:${process.env.PATH}`,
    POSTGRES_PASSWORD: "exported",
  };
  const { code, stdout } = await runCommand(join(K8S, "secrets.sh"), [file], { env });
  expect(code).toBe(0);
  const made = parseAllDocuments(stdout)
    .map((document) => document.toJSON())
    .filter((one) => one !== null);
  const keys = new Map(made.map(({ metadata, data }) => [metadata.name, Object.keys(data)]));
  const texts = [
    JSON.stringify([
      await render(join(K8S, "overlays/kind")),
      await render(join(K8S, "overlays/production")),
    ]),
    JSON.stringify(parse(read("values/nats.yaml"))),
  ].join();
  const wanted = [
    ...texts.matchAll(
      /"secretKeyRef":\{"key":"(\w+)","name":"([\w-]+)"|"secretKeyRef":\{"name":"([\w-]+)","key":"(\w+)"/g,
    ),
  ];
  expect(wanted.length).toBeGreaterThan(20);
  for (const [, key, name, otherName, otherKey] of wanted)
    expect(keys.get(name ?? (otherName as string))).toContain(key ?? otherKey);
  for (const [, name] of texts.matchAll(/"(?:secret|passwordSecret)":\{"name":"([\w-]+)"/g))
    expect(keys.get(name as string)).toEqual(["password", "username"]);
  expect(made.flatMap(({ data }) => Object.values(data)).filter((value) => value === "")).toEqual([]);
});

test("secrets.sh has no password in an argument", () => {
  expect(read("secrets.sh")).not.toMatch(/--from-literal[= ]"?password/);
});

test("the job makes back-ups as `make backup` does, whole or not at all, and removes old ones", async () => {
  const cron = parseAllDocuments(read("overlays/production/backup.yaml"))[0]?.toJSON();
  const { containers, securityContext, volumes } = cron.spec.jobTemplate.spec.template.spec;
  const [{ command, args, image }] = containers;
  const reader = parse(read("backup-reader.yaml")).spec;
  expect([reader.securityContext, reader.volumes, reader.containers[0].image]).toEqual([
    securityContext,
    volumes,
    image,
  ]);
  const folder = await makeTempDir("k8s-backup");
  const stub = (lines: string) =>
    writeFile(join(folder, "pg_dump"), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env.PATH}`, BACKUPS: folder, KEEP_DAYS: "14" };
  const run = () => runCommand(command[0], [...command.slice(1), ...args], { env });
  const files = () => readdirSync(folder).filter((name) => name !== "pg_dump");
  await stub("echo half; exit 1");
  expect((await run()).code).not.toBe(0);
  expect(files().filter((name) => !name.endsWith(".part"))).toEqual([]);
  const old = join(folder, "parley-20200101T020000Z.sql.gz");
  await writeFile(old, "");
  await utimes(old, 0, 0);
  await stub('echo "$@"');
  expect(await run()).toMatchObject({ code: 0, stderr: "" });
  const [file = "", sum = ""] = files().sort();
  expect(files()).toHaveLength(2);
  expect(file).toMatch(/^parley-\d{8}T\d{6}Z\.sql\.gz$/);
  expect((await runCommand("sha256sum", ["--check", sum], { cwd: folder })).code).toBe(0);
  const own = readFileSync(join(REPOSITORY, "packages/operate/src/backup.ts"), "utf8");
  const tables = [...own.matchAll(/"(auth\.\w+)"/g)].map(([, table]) => `--exclude-table-data=${table}`);
  expect(tables).toHaveLength(2);
  const options = ["--format=plain", "--compress=gzip", "--no-owner", ...tables];
  for (const option of options.slice(0, 3)) expect(own).toContain(`"${option}"`);
  expect(readFileSync(join(folder, file), "utf8").trim()).toBe(options.join(" "));
});

test("the alert rules are those of deploy/observe", async () => {
  const { stdout } = await runCommand(join(K8S, "rules.sh"), []);
  const advice = "run deploy/k8s/rules.sh > deploy/k8s/components/monitoring/rules.yaml";
  expect(read("components/monitoring/rules.yaml"), advice).toBe(stdout);
});

test("what is deployed has the version of package.json", () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  for (const overlay of ["kind", "production"]) {
    const { images } = parse(read(`overlays/${overlay}/kustomization.yaml`));
    for (const { newTag } of images) expect([overlay, newTag]).toEqual([overlay, version]);
  }
});
