import { Counter, collectDefaultMetrics, Gauge, Registry } from "@prometheus-io/client";

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

/** Functions that are called at each scrape, by metric name (Prometheus naming: snake_case, unit last). */
type Readings = Readonly<Record<string, readonly [help: string, read: () => number]>>;

/** The metrics of one process, including those of Node. */
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
   * Adds counters that the code keeps as plain numbers, so that counting costs nothing. They must never decrease.
   *
   * @example metrics.counters({ parley_log_published_total: ["acknowledged entries", () => counters.published] })
   */
  counters(readings: Readings): void {
    for (const [name, [help, read]] of Object.entries(readings)) {
      new Counter({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    }
  }

  /** Adds values that rise and fall. */
  gauges(readings: Readings): void {
    for (const [name, [help, read]] of Object.entries(readings)) {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    }
  }
}
