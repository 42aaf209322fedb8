import type { Check, Readiness } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { databaseErrors } from "./postgres-errors.ts";
import { VERSION } from "./version.ts";

/** Connections of this process to NATS that were lost and came back. */
export const natsReconnects = { count: 0 };

/** Adds what every service has: its version, its readiness, and faults of the servers that it uses. */
export function addProcessMetrics(
  metrics: Metrics,
  checks: Readonly<Record<string, Check>>,
  askReadiness: () => Promise<Readiness>,
): void {
  metrics.gauges({
    parley_build_info: ["1, with the version of this process", () => ({ [VERSION]: 1 }), "version"],
    parley_ready: [
      "whether a dependency is ready, 1 or 0",
      async () => {
        const { checks: found } = await askReadiness();
        return Object.fromEntries(Object.keys(checks).map((name) => [name, Number(found[name] === "ok")]));
      },
      "check",
    ],
  });
  metrics.counters({
    parley_nats_reconnects_total: ["connections to NATS that came back", () => natsReconnects.count],
    parley_db_errors_total: ["statements that failed, by why", () => databaseErrors, "class"],
  });
}
