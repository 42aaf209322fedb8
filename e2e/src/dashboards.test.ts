import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { findFreePort } from "@parley/devstack/ports";
import { readPorts } from "@parley/devstack/run-dir";
import { keepCanaryToken, startMonitoring } from "@parley/operate/monitoring";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { DASHBOARDS } from "../../deploy/observe/dashboards.ts";
import { type Panel, toGrafana } from "../../deploy/observe/panels.ts";
import { Parley, until } from "./parley.ts";
import { countSeries, selectorsOf } from "./promql.ts";
import { scrape } from "./scrape.ts";

/** Labels that Prometheus adds. */
const ADDED = ["job", "instance", "le"];
/** What is no metric of ours. */
const BUILT_IN = ["up", "ALERTS"];

const read = (file: string) => readFileSync(join(REPOSITORY, "deploy/observe", file), "utf8");
const rules = (
  parse(read("rules.yml")) as { groups: { rules: { record?: string; expr: string }[] }[] }
).groups.flatMap((group) => group.rules);
const panels = Object.values(DASHBOARDS).flatMap(({ rows }): Panel[] => Object.values(rows).flat());
const queries = panels.flatMap((panel) => panel.queries.map(([expr]) => expr));
/** As Grafana fills it in. */
const filled = (expr: string) => expr.replaceAll("$__rate_interval", "10s").replaceAll("$shard", ".*");

const env = { ...process.env, ADMIN_USERNAME: "alice" };
const parley = await Parley.start({ env, services: ["auth", "ws-producer", "ws-consumer", "web"] });
const alice = await parley.person("alice");
const { dataDir } = parley.stack;
const canaryPort = await findFreePort();
const alertmanagerPort = await findFreePort();
const monitoring = await startMonitoring({
  env: process.env,
  dataDir,
  ports: readPorts(dataDir),
  prometheusPort: await findFreePort(),
  canaryPort,
  canaryToken: await keepCanaryToken(dataDir, parley.url("auth"), alice),
  alertmanagerPort,
  interval: "1s",
});
afterAll(async () => {
  await monitoring.stop();
  await parley.stop();
});

test("a kept token of the canary stays, until auth refuses it", async () => {
  const keep = () => keepCanaryToken(dataDir, parley.url("auth"), alice);
  const kept = await keep();
  expect(await keep()).toBe(kept);
  const file = join(dataDir, "canary.json");
  await writeFile(file, JSON.stringify(`${kept}x`));
  const made = await keep();
  expect(made).not.toContain(kept);
  expect(JSON.parse(await readFile(file, "utf8"))).toBe(made);
});

test("the committed dashboards are what the program makes (node deploy/observe/make-dashboards.ts)", () => {
  for (const [name, dashboard] of Object.entries(DASHBOARDS))
    expect(JSON.parse(read(`dashboards/${name}.json`)), name).toEqual(toGrafana(dashboard));
});

test("every metric and label of a dashboard or a rule exists", async () => {
  const { AUTH_METRICS_PORT, PRODUCER_METRICS_PORT, CONSUMER_METRICS_PORT, WEB_METRICS_PORT } =
    parley.stack.ports;
  const all = [AUTH_METRICS_PORT, PRODUCER_METRICS_PORT, CONSUMER_METRICS_PORT, WEB_METRICS_PORT, canaryPort];
  const labelsOf = new Map<string, Set<string>>(
    [...BUILT_IN, ...rules.map(({ record = "" }) => record)].map((name) => [
      name,
      new Set(["slo", "alertname", "alertstate", "severity"]),
    ]),
  );
  for (const { names } of await Promise.all(all.map(scrape)))
    for (const name of names) {
      const [metric = "", labels = ""] = name.split("{");
      const known = labelsOf.get(metric) ?? new Set();
      for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) known.add(label);
      labelsOf.set(metric, known);
    }
  const missing = [...queries.map(filled), ...rules.map(({ expr }) => expr)].flatMap((expr) =>
    selectorsOf(expr).flatMap(({ metric, labels }) => {
      const known = labelsOf.get(metric);
      if (known === undefined) return [metric];
      return labels
        .filter((label) => !known.has(label) && !ADDED.includes(label))
        .map((label) => `${metric} ${label}`);
    }),
  );
  expect(missing).toEqual([]);
});

test("Prometheus would tell an Alertmanager", async () => {
  type Known = { data: { activeAlertmanagers: { url: string }[] } };
  const url = `http://127.0.0.1:${alertmanagerPort}/api/v2/alerts`;
  await until("Prometheus knows it", async () => {
    const { data } = (await (await fetch(`${monitoring.url}/api/v1/alertmanagers`)).json()) as Known;
    return data.activeAlertmanagers.some((one) => one.url === url);
  });
});

test("the canary sends, hears and reads; a dead ws-consumer is a round that fails", async () => {
  const rounds = async (result: string) =>
    (await scrape(canaryPort)).value(`parley_canary_rounds_total{result="${result}"}`);
  await until("rounds succeed", async () => (await rounds("ok")) > 2);
  // Out of reach until a round has failed: one that is killed may be back before the next round.
  const consumer = parley.stack.service("ws-consumer");
  await consumer.stop();
  // At any of its steps: it may have been in the middle of one.
  const failed = async () => Promise.all([rounds("connect"), rounds("hear"), rounds("read")]);
  await until("a round fails", async () => (await failed()).some((count) => count > 0));
  await consumer.start();
  await parley.stack.untilReady();
  const before = await rounds("ok");
  await until("rounds succeed again", async () => (await rounds("ok")) > before + 1);
});

test("every panel gives data from Prometheus, but those that say why not", async () => {
  for (const { title, queries: own, emptyBecause } of panels)
    for (const [expr] of own) {
      if (emptyBecause !== undefined) continue;
      await until(
        `${title}: ${expr}`,
        async () => (await countSeries(monitoring.url, filled(expr))) > 0,
        20_000,
      );
    }
});
