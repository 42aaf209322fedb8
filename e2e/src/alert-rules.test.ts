import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { REPOSITORY } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { findFreePort } from "@parley/devstack/ports";
import { runCommand } from "@parley/devstack/run-command";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { startAlertmanager } from "@parley/operate/alertmanager";
import { sleep } from "@parley/runtime/deadline";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";

const FOLDER = join(REPOSITORY, "deploy/observe");
const TESTS = ["rules_test.yml", "burn_rates_test.yml"];

type Rule = { alert?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
type Tests = { tests: { name: string; promql_expr_test: { expr: string; exp_samples: object[] }[] }[] };
const read = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const { groups } = parse(read("rules.yml")) as { groups: { rules: Rule[] }[] };
const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);

test("each alert has a summary, a severity, and a heading that says what to do", () => {
  const headings = readFileSync(join(REPOSITORY, "docs/operations.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("### "))
    .map((line) => line.slice(4).toLowerCase());
  for (const { alert = "", labels, annotations } of alerts) {
    expect(["page", "ticket"], alert).toContain(labels?.severity);
    expect(annotations?.summary, alert).toMatch(/\w+ \w+/);
    expect(annotations?.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    expect(headings, alert).toContain(alert.toLowerCase());
  }
});

test("promtool: each alert stays silent where all is well, and fires where it should", async () => {
  const promtool = await findProgram("promtool", { env: process.env, onProgress: console.log });
  const runs = await Promise.all(
    TESTS.map((file) => runCommand(promtool, ["test", "rules", file], { cwd: FOLDER, timeoutMs: 170_000 })),
  );
  expect(runs.map(({ code, stdout, stderr }) => (code === 0 ? "" : stdout + stderr))).toEqual(["", ""]);
  const { tests } = { tests: TESTS.flatMap((file) => (parse(read(file)) as Tests).tests) };
  for (const { alert } of alerts) {
    const expected = tests.find(({ name }) => name === alert)?.promql_expr_test ?? [];
    expect(
      expected.map(({ exp_samples }) => exp_samples.length),
      alert,
    ).toEqual([0, 1]);
    for (const { expr } of expected) expect(expr).toContain(`alertname="${alert}"`);
  }
  const config = await runCommand(promtool, ["check", "config", "--syntax-only", "prometheus.yml"], {
    cwd: FOLDER,
  });
  expect(config.code, config.stderr).toBe(0);
});

/** An Alertmanager with our file, in which `page` and `ticket` are paths of a server of this test. Returns its URL. */
async function alertmanagerOf(told: string[]): Promise<string> {
  const listener = createServer(async (request, answer) => {
    const { alerts: firing } = (await json(request)) as { alerts: { labels: Record<string, string> }[] };
    for (const { labels } of firing) told.push(`${request.url} ${labels.alertname} ${labels.job}`);
    answer.end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void listener.close());
  await once(listener, "listening");
  const config = parse(read("alertmanager.yml"));
  for (const receiver of config.receivers)
    receiver.webhook_configs = [
      { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/${receiver.name}` },
    ];
  for (const route of [config.route, ...config.route.routes]) route.group_wait = "1s";
  const [dataDir, port] = [await makeTempDir("alertmanager"), await findFreePort()];
  const file = join(dataDir, "alertmanager.yml");
  await writeFile(file, JSON.stringify(config));
  const options = { env: process.env, dataDir, file, port, isFetched: false };
  const { url, stop } = await startAlertmanager(options);
  onTestFinished(stop);
  return url;
}

test("Alertmanager, with its file: each severity is told, and what follows from something else is not", async ({
  skip,
}) => {
  const told: string[] = [];
  const url = await alertmanagerOf(told).catch((error: { code?: string }) => {
    if (error.code !== "PROGRAM_MISSING") throw error;
    return skip("there is no Alertmanager here yet: `make observe` builds one");
  });
  const fire = (alertname: string, job: string) => {
    const severity = alerts.find(({ alert }) => alert === alertname)?.labels?.severity;
    return { labels: { alertname, job, severity } };
  };
  const causes = [
    fire("ServiceDown", "ws-consumer"),
    fire("ServiceNotReady", "auth"),
    fire("CanaryMissing", "canary"),
  ];
  const effects = [
    fire("ServiceNotReady", "ws-consumer"),
    fire("WriterLag", "ws-consumer"),
    fire("AuthUnavailable", "ws-producer"),
  ];
  const method = { method: "POST", headers: { "content-type": "application/json" } };
  const answer = await fetch(`${url}/api/v2/alerts`, {
    ...method,
    body: JSON.stringify([...effects, ...causes]),
  });
  expect(answer.status).toBe(200);
  await expect
    .poll(() => told.toSorted())
    .toEqual(["/page ServiceDown ws-consumer", "/page ServiceNotReady auth", "/ticket CanaryMissing canary"]);
  await sleep(2_000);
  expect(told).toHaveLength(causes.length);
});

test("what Alertmanager's file keeps silent exists", () => {
  type Inhibition = { source_matchers: string[]; target_matchers: string[] };
  const { inhibit_rules } = parse(read("alertmanager.yml")) as { inhibit_rules: Inhibition[] };
  const names = alerts.map(({ alert = "" }) => alert);
  const matchers = inhibit_rules.flatMap(({ source_matchers, target_matchers }) => [
    ...source_matchers,
    ...target_matchers,
  ]);
  for (const [, text = ""] of matchers.join().matchAll(/alertname=~?"([^"]+)"/g))
    for (const name of text.split("|"))
      expect(
        names.filter((one) => new RegExp(`^${name}$`).test(one)),
        name,
      ).not.toEqual([]);
});
