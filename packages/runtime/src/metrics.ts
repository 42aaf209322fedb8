import { collectDefaultMetrics, type Metric, type MetricValue, Registry } from "@prometheus-io/client";
import type { Histogram } from "./histogram.ts";

/**
 * The client library measures the event loop with timers of 10 and 100 ms, which cost an idle service more CPU than all
 * its other work. So these timers get the longest interval that Node has, and their metrics are removed.
 */
const TIMER_MAX_MS = 2 ** 31 - 1;
const TIMED_METRICS = [
  ...["min", "max", "mean", "stddev", "p50", "p90", "p99"].map(
    (figure) => `nodejs_eventloop_lag_${figure}_seconds`,
  ),
  "nodejs_eventloop_utilization_summary",
  "nodejs_eventloop_utilization_histogram",
];

/** A number, or numbers by the values of a label, one level for each label. What is undefined is left out. */
type Values = number | undefined | { readonly [labelValue: string]: Values };
/** What is read at each scrape: a description, a function, and the names of the labels of its levels. */
type Reading = readonly [help: string, read: () => Values | Promise<Values>, ...labels: string[]];
/** By metric name (Prometheus naming: snake_case, unit last). */
type Readings = Readonly<Record<string, Reading>>;
type Histograms = Readonly<
  Record<
    string,
    readonly [help: string, histogram: Histogram | Readonly<Record<string, Histogram>>, label?: string]
  >
>;

type Sample = { labels: Record<string, string>; value: number };
type Row = MetricValue<string> & { metricName?: string };

/** The samples of values with these labels. */
function samplesOf(values: Values, names: readonly string[], labels: Record<string, string> = {}): Sample[] {
  if (values === undefined) return [];
  if (typeof values === "number") return [{ labels, value: values }];
  const [name = "", ...rest] = names;
  return Object.entries(values).flatMap(([key, deeper]) =>
    samplesOf(deeper, rest, { ...labels, [name]: key }),
  );
}

/** The rows of one histogram: each bucket counts what is at most its bound. */
function rowsOf(name: string, { bounds, counts, sum }: Histogram, labels: Record<string, string>): Row[] {
  let count = 0;
  const buckets = [...counts].map((own, at): Row => {
    count += own;
    const le = at < bounds.length ? String(bounds[at]) : "+Inf";
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/**
 * The metrics of one process, including those of Node. What is counted is plain numbers of the code that counts, read when
 * Prometheus asks, so that counting costs next to nothing. A label has few values, known when the process starts and
 * at 0 then: never a room, a user, an address or the text of an error.
 */
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({
      register: this.registry,
      eventLoopMonitoringPrecision: TIMER_MAX_MS,
      eventLoopUtilizationTimeout: TIMER_MAX_MS,
    });
    for (const name of TIMED_METRICS) this.registry.removeSingleMetric(name);
    let before = performance.eventLoopUtilization();
    this.gauges({
      nodejs_eventloop_utilization_ratio: [
        "Share of the time since the last scrape that the event loop was busy, 0 to 1",
        () => {
          const { utilization } = performance.eventLoopUtilization(before);
          before = performance.eventLoopUtilization();
          return utilization;
        },
      ],
    });
  }

  /**
   * Adds counters. They must never decrease.
   *
   * @example metrics.counters({ parley_closes_total: ["closed sockets", () => closes, "code"] })
   */
  counters(readings: Readings): void {
    this.#addReadings("counter", readings);
  }

  /** Adds values that rise and fall. */
  gauges(readings: Readings): void {
    this.#addReadings("gauge", readings);
  }

  histograms(histograms: Histograms): void {
    for (const [name, [help, histogram, label = ""]] of Object.entries(histograms))
      this.#add(name, help, "histogram", async () =>
        "bounds" in histogram
          ? rowsOf(name, histogram as Histogram, {})
          : Object.entries(histogram).flatMap(([key, one]) => rowsOf(name, one, { [label]: key })),
      );
  }

  #addReadings(type: string, readings: Readings): void {
    for (const [name, [help, read, ...labels]] of Object.entries(readings))
      this.#add(name, help, type, async () => samplesOf(await read(), labels));
  }

  /** Registers a metric that is made when it is asked for: all that the registry needs of one is `get`. */
  #add(name: string, help: string, type: string, read: () => Promise<Row[]>): void {
    const get = async () => ({ name, help, type, values: await read(), aggregator: "sum" });
    this.registry.registerMetric({ name, help, type, get } as unknown as Metric<string>);
  }
}
