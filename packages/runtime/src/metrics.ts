import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/**
 * prom-client times the event loop by a timer of 10 ms: a hundred wake-ups a second that cost an idle service more than
 * all its other work. So the timer is given the longest time there is, and what it would have told is left out.
 */
const LAG_TIMER_MS = 2 ** 31 - 1;
const LAG_TIMER_FIGURES = ["min", "max", "mean", "stddev", "p50", "p90", "p99"];

/** What is read when somebody asks, by metric name (Prometheus naming: snake_case, unit last). */
export type Readings = Readonly<Record<string, readonly [help: string, read: () => number]>>;

/** The metrics of one process, with Node's own. */
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_TIMER_MS });
    for (const figure of LAG_TIMER_FIGURES)
      this.registry.removeSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`);
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

  /** Shows counts that the code keeps as plain numbers, so that counting costs nothing. They must only rise. */
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

  /** Shows values that rise and fall. */
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
