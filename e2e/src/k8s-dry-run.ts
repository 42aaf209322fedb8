import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadDotEnv } from "@parley/devstack/environment";
import { runMain, say } from "@parley/devstack/terminal";
import { K8S, render, renderWithComponents } from "./kubernetes-manifests.ts";
import { customDefinitions, type Manifest } from "./kubernetes-schemas.ts";
import { type ApiServer, startApiServer } from "./kubernetes-server.ts";

/** Go's proxy has no definition of CloudNativePG's kinds. */
const UNKNOWN = "postgresql.cnpg.io/v1";
const DRY_RUN = ["--dry-run=server", "--validate=strict"];

/** The pod that a manifest makes, as its controller would: admission judges pods, and only warns of what makes them. */
function podOf({ kind, metadata, spec }: Manifest): object[] {
  const made = kind === "CronJob" ? spec.jobTemplate.spec : spec;
  if (!["Deployment", "StatefulSet", "Job", "CronJob"].includes(kind)) return [];
  const { name, namespace } = metadata;
  const claims = (made.volumeClaimTemplates ?? []).map((claim: Manifest) => ({
    name: claim.metadata.name,
    emptyDir: {},
  }));
  const pod = made.template.spec;
  const { labels } = made.template.metadata;
  return [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace, labels },
      spec: { ...pod, volumes: [...(pod.volumes ?? []), ...claims] },
    },
  ];
}

/** What the server says of manifests: nothing if it would take all, and warns of none. */
async function judge(server: ApiServer, manifests: readonly object[], flags: string[]): Promise<string> {
  const file = join(server.folder, "manifests.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }));
  const { stderr, code } = await server.kubectl([
    "apply",
    "--server-side",
    "--force-conflicts",
    ...flags,
    `--filename=${file}`,
  ]);
  const said = stderr
    .split("\n")
    .filter((line) => line !== "" && !line.includes("supported minor version skew"));
  return code === 0 || said.length > 0 ? said.join("\n") : `kubectl ended with ${code}`;
}

/** Tells an API server of an overlay, which stores nothing but its namespace. Returns whether it would take it. */
async function dryRun(server: ApiServer, name: string, all: readonly Manifest[]): Promise<boolean> {
  const known = all.filter(({ apiVersion }) => apiVersion !== UNKNOWN);
  const pods = known.flatMap(podOf);
  const namespaces = known.filter(({ kind }) => kind === "Namespace");
  const said = [
    await judge(server, namespaces, []),
    await judge(server, known, DRY_RUN),
    await judge(server, pods, DRY_RUN),
  ]
    .filter(Boolean)
    .join("\n");
  const left = all.length - known.length;
  say(
    `${name}: ${said === "" ? "taken" : "refused"}: ${known.length} manifests, ${pods.length} pods${left > 0 ? `; ${left} of CloudNativePG not judged` : ""}`,
  );
  if (said !== "") say(said);
  return said === "";
}

// `make k8s-dry-run`: whether a real API server of Kubernetes would take each overlay.
await runMain("make k8s-dry-run", async () => {
  loadDotEnv();
  const server = await startApiServer();
  try {
    const { stdout } = await server.kubectl(["version"]);
    say(stdout.split("\n").find((line) => line.startsWith("Server")));
    const unready = await judge(server, await customDefinitions(), []);
    if (unready !== "") throw new Error(unready);
    const results = [
      await dryRun(server, "kind", await render(join(K8S, "overlays/kind"))),
      await dryRun(server, "production", await render(join(K8S, "overlays/production"))),
      await dryRun(server, "production with components", await renderWithComponents()),
    ];
    return results.every(Boolean) ? 0 : 1;
  } finally {
    await server.stop();
  }
});
