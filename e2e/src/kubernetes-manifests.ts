import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { runCommand } from "@parley/devstack/run-command";
import { parse, parseAllDocuments } from "yaml";
import type { Manifest } from "./kubernetes-schemas.ts";

export const K8S = join(REPOSITORY, "deploy/k8s");
export const read = (file: string): string => readFileSync(join(K8S, file), "utf8");

/** What an overlay is. @throws {Error} with what kustomize says of it. */
export async function render(folder: string): Promise<Manifest[]> {
  const kubectl = await findProgram("kubectl", { env: process.env, onProgress: console.log });
  const { stdout, stderr } = await runCommand(kubectl, ["kustomize", folder]);
  if (stderr !== "") throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => document.toJSON());
}

/** The overlay for production with all components, as its comment says. */
export async function renderWithComponents(): Promise<Manifest[]> {
  const folder = mkdtempSync(join(K8S, "overlays/.test-"));
  const components = ["keda", "monitoring"].map((name) => `../../components/${name}`);
  try {
    cpSync(join(K8S, "overlays/production"), folder, { recursive: true });
    const kustomization = { ...parse(read("overlays/production/kustomization.yaml")), components };
    writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
    return await render(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export type Labels = Readonly<Record<string, string>>;
type Selector = { matchLabels?: Labels; matchExpressions?: { key: string; values: string[] }[] };
type Rule = {
  from?: { podSelector?: Selector }[];
  to?: { podSelector?: Selector }[];
  ports: { port: string | number }[];
};

const isFor = (labels: Labels, { matchLabels = {}, matchExpressions = [] }: Selector): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ""));

/** Whether policies let one pod talk to another on a port, on both sides. Each pod has a policy that refuses the rest. */
export function mayTalk(policies: Manifest[], from: Labels, to: Labels, port: string | number): boolean {
  const allows = (type: "Ingress" | "Egress", self: Labels, other: Labels) => {
    const rules: Rule[] = policies
      .filter(({ spec }) => spec.policyTypes.includes(type) && isFor(self, spec.podSelector))
      .flatMap(({ spec }) => spec[type.toLowerCase()] ?? []);
    return rules.some(({ from, to, ports }) => {
      const peers = from ?? to;
      const isPeer =
        peers?.some(({ podSelector }) => podSelector !== undefined && isFor(other, podSelector)) ?? true;
      return isPeer && ports.some((one) => one.port === port);
    });
  };
  return allows("Ingress", to, from) && allows("Egress", from, to);
}
