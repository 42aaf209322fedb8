import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { runCommand } from "@parley/devstack/run-command";
import { expect, test } from "vitest";
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

test("Alertmanager's file has a receiver for each severity, and keeps silent what there is", () => {
  type Route = { receiver: string; routes?: Route[] };
  type Inhibition = { source_matchers: string[]; target_matchers: string[] };
  const { route, receivers, inhibit_rules } = parse(read("alertmanager.yml")) as {
    route: Route;
    receivers: { name: string }[];
    inhibit_rules: Inhibition[];
  };
  const used = [route, ...(route.routes ?? [])].map(({ receiver }) => receiver);
  expect(used.sort()).toEqual(["page", "ticket"]);
  expect(receivers.map(({ name }) => name).sort()).toEqual(used);
  const names = alerts.map(({ alert = "" }) => alert);
  for (const { source_matchers, target_matchers } of inhibit_rules)
    for (const [, text = ""] of [...source_matchers, ...target_matchers]
      .join()
      .matchAll(/alertname=~?"([^"]+)"/g))
      for (const name of text.split("|"))
        expect(
          names.filter((one) => new RegExp(`^${name}$`).test(one)),
          name,
        ).not.toEqual([]);
});
