import type { Metrics } from "@parley/runtime/metrics";
import type { Subscriptions } from "./subscriptions.ts";

/** Adds the metrics of subscriptions. */
export function addSubscriptionMetrics(metrics: Metrics, { counters }: Subscriptions): void {
  metrics.counters({
    parley_resumes_total: ["subscriptions, by their outcome", () => counters.outcomes, "outcome"],
  });
  metrics.histograms({
    parley_resume_seconds: ["from a subscription until its listener is live", counters.seconds],
  });
}
