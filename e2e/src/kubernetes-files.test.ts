import { readFileSync } from "node:fs";
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
