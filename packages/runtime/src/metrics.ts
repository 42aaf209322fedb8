import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** What is read when somebody asks, by metric name (Prometheus naming: snake_case, unit last). */
export type Readings = Readonly<Record<string, readonly [help: string, read: () => number]>>;

/** The metrics of one process, with Node's own. */
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
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
