import { Histogram, LATENCY_SECONDS, zeroed } from "@parley/runtime/histogram";
import type { Metrics } from "@parley/runtime/metrics";
import { AUTH_CODES, AuthError } from "./auth-error.ts";
import type { UseCases } from "./use-cases.ts";

const RESULTS = ["ok", ...AUTH_CODES] as const;
type Calls = Readonly<{
  results: Record<string, Record<(typeof RESULTS)[number], number>>;
  seconds: Record<string, Histogram>;
}>;
type Case = (...input: never[]) => unknown;

/**
 * The same use cases, counted and timed, whether gRPC or HTTP calls them: one more promise for each call, of which one
 * verifies up to a hundred tokens.
 */
export function measureCalls(cases: UseCases, metrics: Metrics): UseCases {
  const calls: Calls = { results: {}, seconds: {} };
  const { getJwks, serviceAccounts, ...others } = cases;
  metrics.counters({
    parley_auth_calls_total: ["calls of use cases, by ok or why not", () => calls.results, "call", "result"],
  });
  metrics.histograms({ parley_auth_seconds: ["time of a use case", calls.seconds, "call"] });
  return {
    ...(measureAll(others, calls, (name) => name) as typeof others),
    serviceAccounts: measureAll(serviceAccounts, calls, () => "serviceAccounts") as typeof serviceAccounts,
    getJwks,
  };
}

/** @param callOf the label of a function, by its name */
function measureAll(cases: object, calls: Calls, callOf: (name: string) => string): object {
  const measured = Object.entries(cases).map(([name, run]) => {
    const call = callOf(name);
    calls.results[call] ??= zeroed(RESULTS);
    calls.seconds[call] ??= new Histogram(LATENCY_SECONDS);
    return [name, measure(run as Case, calls.results[call], calls.seconds[call])];
  });
  return Object.fromEntries(measured);
}

function measure(run: Case, results: Calls["results"][string], seconds: Histogram): Case {
  return async (...input) => {
    const began = performance.now();
    try {
      const answer = await run(...input);
      results.ok += 1;
      return answer;
    } catch (error) {
      results[error instanceof AuthError ? error.code : "internal"] += 1;
      throw error;
    } finally {
      seconds.observe((performance.now() - began) / 1_000);
    }
  };
}
