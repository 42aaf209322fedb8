import { expect, test } from "vitest";
import { Histogram, LATENCY_SECONDS, zeroed } from "./histogram.ts";
import { Metrics } from "./metrics.ts";

const linesOf = async (metrics: Metrics, name: string) =>
  (await metrics.registry.metrics()).split("\n").filter((line) => line.startsWith(name));

test("a value belongs to the first bound that is not below it", () => {
  const histogram = new Histogram([1, 5]);
  for (const value of [0.5, 1, 1.1, 5, 6]) histogram.observe(value);
  expect([...histogram.counts]).toEqual([2, 2, 1]);
  expect(histogram.sum).toBeCloseTo(13.6);
  histogram.observe(2, 10);
  expect([...histogram.counts]).toEqual([2, 12, 1]);
});

test("a histogram is rendered as Prometheus has it: cumulative, with +Inf, sum and count", async () => {
  const metrics = new Metrics();
  const histogram = new Histogram([1, 5]);
  metrics.histograms({ parley_pack_entries: ["entries", histogram] });
  histogram.observe(1);
  histogram.observe(7);
  expect(await linesOf(metrics, "parley_pack")).toEqual([
    'parley_pack_entries_bucket{le="1"} 1',
    'parley_pack_entries_bucket{le="5"} 1',
    'parley_pack_entries_bucket{le="+Inf"} 2',
    "parley_pack_entries_sum 8",
    "parley_pack_entries_count 2",
  ]);
});

test("labels have a level of keys each, and are there before anything is counted", async () => {
  const metrics = new Metrics();
  const calls = { login: zeroed(["ok", "refused"]), logout: zeroed(["ok", "refused"]) };
  metrics.counters({ parley_calls_total: ["calls", () => calls, "call", "result"] });
  metrics.histograms({
    parley_call_seconds: ["time of calls", { login: new Histogram(LATENCY_SECONDS) }, "call"],
  });
  calls.login.refused += 1;
  expect(await linesOf(metrics, "parley_calls_total")).toEqual([
    'parley_calls_total{call="login",result="ok"} 0',
    'parley_calls_total{call="login",result="refused"} 1',
    'parley_calls_total{call="logout",result="ok"} 0',
    'parley_calls_total{call="logout",result="refused"} 0',
  ]);
  expect(await linesOf(metrics, "parley_call_seconds_count")).toEqual([
    'parley_call_seconds_count{call="login"} 0',
  ]);
});

test("a gauge may be read asynchronously; what has no value is left out", async () => {
  const metrics = new Metrics();
  metrics.gauges({ parley_ratio: ["ratio", async () => ({ 0: 0.5, 1: undefined }), "shard"] });
  expect(await linesOf(metrics, "parley_ratio")).toEqual(['parley_ratio{shard="0"} 0.5']);
});
