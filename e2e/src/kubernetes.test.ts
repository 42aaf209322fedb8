import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { CLOSE_DEADLINE_MS } from "@parley/runtime/service";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { K8S, type Labels, mayTalk, read, render, renderWithComponents } from "./kubernetes-manifests.ts";
import { faultsOf, type Manifest, SchemasMissing } from "./kubernetes-schemas.ts";

const SOCKET_SERVICES = ["ws-producer", "ws-consumer"];
const SERVICES = ["auth", "ws-producer", "ws-consumer", "web"];
/** Variables of the services: those that .env.example has; a test compares it with their schemas. */
const KNOWN = readFileSync(join(REPOSITORY, ".env.example"), "utf8").match(
  /(?<=^(# )?)[A-Z][A-Z0-9_]+(?==)/gm,
);

const source = (file: string) => readFileSync(join(REPOSITORY, "services", file), "utf8");
/** The most connections of a pool, or of several, as the source has them. */
const connectionsIn = (file: string) =>
  [...(/(?<=const CONNECTIONS = )[^;]+/.exec(source(file))?.[0].matchAll(/\b\d+\b/g) ?? [])].reduce(
    (sum, [count]) => sum + Number(count),
    0,
  );
/** The most connections of a ws-consumer. */
function consumerConnections(shards: number): number {
  const [, more] =
    /connections: shards \+ (\d)/.exec(source("ws-consumer/src/writing/postgres/writer-database.ts")) ?? [];
  return (
    connectionsIn("ws-consumer/src/postgres/lanes.ts") +
    connectionsIn("ws-consumer/src/search/postgres/search-database.ts") +
    shards +
    Number(more)
  );
}

/** Skips a test, with the reason, where schemas cannot be fetched. */
const orSkip =
  (skip: (reason: string) => never) =>
  (error: unknown): never => {
    if (error instanceof SchemasMissing) skip(error.message);
    throw error;
  };

describe.each(["kind", "production", "production with components"])("deploy/k8s: %s", (name) => {
  let all: Manifest[];
  beforeAll(async () => {
    all = await (name.includes("with") ? renderWithComponents() : render(join(K8S, "overlays", name)));
  });
  const of = (...kinds: string[]) => all.filter(({ kind }) => kinds.includes(kind));
  const named = (kind: string, wanted: string) => of(kind).find(({ metadata }) => metadata.name === wanted);
  const deployments = () => of("Deployment");
  const pods = () =>
    of("Deployment", "StatefulSet", "Job", "CronJob").map(({ metadata, spec }) => ({
      name: metadata.name,
      ...(spec.jobTemplate?.spec ?? spec).template.spec,
    }));
  const settings = () => of("ConfigMap").find(({ metadata }) => /^parley-/.test(metadata.name))?.data ?? {};

  test("each manifest is valid, strictly", async ({ skip }) => {
    const unknown: string[] = [];
    for (const manifest of all) {
      const faults = await faultsOf(manifest).catch(orSkip(skip));
      if (faults === undefined) unknown.push(manifest.kind);
      else expect(faults, `${manifest.kind} ${manifest.metadata.name}`).toEqual([]);
    }
    // Of CloudNativePG there is no schema to be had; what counts of it is checked below.
    expect(unknown).toEqual(name === "kind" ? [] : ["Cluster"]);
  });

  test("all is in one namespace, of images with a version, with settings that there are", () => {
    for (const { kind, metadata } of all)
      if (kind !== "Namespace") expect(metadata.namespace, `${kind} ${metadata.name}`).toBe("parley");
    for (const { containers } of pods())
      for (const { image } of containers) expect(image).toMatch(/^[\w./-]+:\d+(\.\d+)+$/);
    const names = of("ConfigMap").map(({ metadata }) => metadata.name);
    for (const [, name] of JSON.stringify(all).matchAll(
      /"configMap(?:Ref|KeyRef)?":\{[^}]*"name":"([^"]+)"/g,
    ))
      expect(names).toContain(name);
  });

  test("a mistake would be found", async ({ skip }) => {
    for (const [kind, change] of [
      ["Deployment", { replicaz: 1 }],
      ["ScaledObject", { minReplicas: 2 }],
      ["ServiceMonitor", { endpoint: [] }],
      ["PrometheusRule", { rules: [] }],
    ] as const) {
      const manifest = of(kind)[0];
      if (manifest === undefined) continue;
      const faulty = { ...manifest, spec: { ...manifest.spec, ...change } };
      expect(await faultsOf(faulty).catch(orSkip(skip))).toHaveLength(1);
    }
  });

  test("pods are as the restricted profile wants them, and get nothing that they do not ask for", () => {
    for (const { name, securityContext, containers, ...pod } of pods()) {
      expect(securityContext, name).toEqual(
        expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } }),
      );
      // Kubernetes would set NATS_PORT and others for each Service; they are variables of ours.
      expect(pod, name).toEqual(
        expect.objectContaining({ automountServiceAccountToken: false, enableServiceLinks: false }),
      );
      for (const { securityContext, resources } of containers) {
        expect([name, securityContext]).toEqual([
          name,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
        ]);
        const { requests, limits } = resources;
        expect([Object.keys(requests), Object.keys(limits)]).toEqual([["cpu", "memory"], ["memory"]]);
      }
    }
    expect(all.find(({ kind }) => kind === "Namespace")?.metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
    });
  });

  test("a pod has the time that it needs to end, and a new one is there before", () => {
    const drainMs = Number(settings().DRAIN_MS);
    for (const { metadata, spec } of deployments()) {
      const { terminationGracePeriodSeconds: graceS, containers } = spec.template.spec;
      const stopS = containers[0].lifecycle.preStop.sleep.seconds;
      const neededMs =
        stopS * 1_000 + CLOSE_DEADLINE_MS + (SOCKET_SERVICES.includes(metadata.name) ? drainMs : 0);
      expect([metadata.name, graceS * 1_000 >= neededMs]).toEqual([metadata.name, true]);
      expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
      expect(spec.template.spec.topologySpreadConstraints).toHaveLength(2);
    }
  });

  test("a probe that restarts asks for nothing that others must answer", () => {
    for (const { metadata, spec } of deployments()) {
      if (metadata.name === "edge") continue;
      const [{ startupProbe, livenessProbe, readinessProbe }] = spec.template.spec.containers;
      for (const probe of [startupProbe, livenessProbe]) expect(probe.httpGet.path).toBe("/health/live");
      expect(readinessProbe.httpGet.path).toBe("/health/traffic");
      // A service listens when its servers are there: they may take ten minutes.
      expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThanOrEqual(600);
    }
    const nats =
      name === "kind"
        ? named("StatefulSet", "nats")?.spec.template.spec.containers[0]
        : parse(read("values/nats.yaml")).container.merge;
    for (const probe of [nats.startupProbe, nats.readinessProbe])
      expect(probe.httpGet.path).toBe("/healthz?js-server-only=true");
    expect(nats.livenessProbe.httpGet.path).toBe("/healthz?js-enabled-only=true");
  });

  test("each deployment gives way one pod at a time, and scales down by one in five minutes", () => {
    for (const { metadata } of deployments()) {
      expect(named("PodDisruptionBudget", metadata.name)?.spec).toMatchObject({
        maxUnavailable: 1,
        selector: { matchLabels: { "app.kubernetes.io/name": metadata.name } },
      });
      const scaled = named("ScaledObject", metadata.name)?.spec;
      const scaler =
        scaled?.advanced.horizontalPodAutoscalerConfig ??
        named("HorizontalPodAutoscaler", metadata.name)?.spec;
      const policies = [{ type: "Pods", value: 1, periodSeconds: 300 }];
      expect(scaler.behavior.scaleDown, metadata.name).toEqual({ stabilizationWindowSeconds: 300, policies });
      expect(scaled !== undefined).toBe(name.includes("with") && SOCKET_SERVICES.includes(metadata.name));
    }
  });

  test("no two objects scale one deployment", () => {
    const targets = of("HorizontalPodAutoscaler", "ScaledObject").map(({ spec }) => spec.scaleTargetRef.name);
    const names = deployments().map(({ metadata }) => metadata.name);
    expect(targets.sort()).toEqual(names.sort());
  });

  test("Postgres has connections for all pods that may run, and one more of each during an update", () => {
    const maxOf = (service: string) =>
      named("ScaledObject", service)?.spec.maxReplicaCount ??
      named("HorizontalPodAutoscaler", service)?.spec.maxReplicas;
    const wanted =
      (maxOf("ws-consumer") + 1) * consumerConnections(Number(settings().LOG_SHARDS ?? 4)) +
      (maxOf("auth") + 1) * connectionsIn("auth/src/database.ts");
    const [args] = pods().flatMap(({ name, containers }) =>
      name === "postgres" ? [containers[0].args] : [],
    );
    const [, given] = /max_connections=(\d+)/.exec(args?.join() ?? "") ?? [
      "",
      named("Cluster", "postgres")?.spec.postgresql.parameters.max_connections,
    ];
    // For the migration, back-ups, operators and Postgres itself.
    expect(Number(given)).toBeGreaterThanOrEqual(wanted + 20);
  });

  test("services get variables that they know, and secrets by reference only", () => {
    for (const service of SERVICES) {
      const [container] = named("Deployment", service)?.spec.template.spec.containers ?? [];
      for (const { name, value, valueFrom } of container.env ?? []) {
        expect(KNOWN).toContain(name);
        if (/PASSWORD|TOKEN/.test(name))
          expect([value, valueFrom?.secretKeyRef.name]).toEqual([undefined, "parley"]);
      }
    }
    expect(Object.keys(settings()).filter((name) => !KNOWN?.includes(name))).toEqual([]);
  });

  test("policies let each talk to what it needs", () => {
    const labelsOf = (name: string): Labels => ({
      "app.kubernetes.io/part-of": "parley",
      ...named("Deployment", name)?.spec.template.metadata.labels,
    });
    const may = (from: Labels, to: Labels, port: string | number) =>
      mayTalk(of("NetworkPolicy"), from, to, port);
    const nats = { "app.kubernetes.io/name": "nats" };
    const postgres = { "cnpg.io/cluster": "postgres" };
    const table = SERVICES.map((name) => [
      name,
      may(labelsOf("edge"), labelsOf(name), "http"),
      may(labelsOf(name), labelsOf("auth"), "grpc"),
      may(labelsOf(name), nats, 4222),
      may(labelsOf(name), postgres, 5432),
      // Nobody else reaches it.
      may(postgres, labelsOf(name), "http"),
    ]);
    const backup = named("CronJob", "backup")?.spec.jobTemplate.spec.template.metadata.labels;
    if (name !== "kind")
      expect([may(backup, postgres, 5432), may(backup, nats, 4222)]).toEqual([true, false]);
    expect(table).toEqual([
      ["auth", true, false, true, true, false],
      ["ws-producer", true, true, true, false, false],
      ["ws-consumer", true, true, true, true, false],
      ["web", true, false, false, false, false],
    ]);
  });

  if (name !== "kind")
    test("a commit is on two of three Postgres, an acknowledged message on two of three NATS", () => {
      const cluster = named("Cluster", "postgres")?.spec;
      expect(cluster).toMatchObject({
        instances: 3,
        postgresql: {
          synchronous: { method: "any", number: 1, dataDurability: "required", failoverQuorum: true },
        },
      });
      const values = parse(read("values/nats.yaml"));
      expect(values.config).toMatchObject({
        cluster: { enabled: true, replicas: 3 },
        jetstream: { merge: { sync_interval: "always" } },
      });
      expect(settings()).toMatchObject({ LOG_REPLICAS: "3" });
      expect(settings().NATS_MONITOR_URL?.split(",")).toHaveLength(3);
    });
});
