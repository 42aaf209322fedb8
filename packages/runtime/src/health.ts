import { withDeadline } from "./deadline.ts";

/** Deadline of one check, ms. */
const CHECK_DEADLINE_MS = 1_500;

/** Checks one dependency of the service. Throws, or rejects, with the reason if it is not ready. */
export type Check = () => Promise<unknown> | unknown;

/** `takesTraffic`: whether clients may be sent here: ready, but for faults of a part that other instances have too. */
export type Readiness = Readonly<{ ready: boolean; takesTraffic: boolean; checks: Record<string, string> }>;

/**
 * A fault of some shards while the rest works, and which no other instance does better: to be mended, and no reason to take an
 * instance out of a load balancer. All would go together, and what works would fail too.
 */
export class PartialFault extends Error {
  override readonly name = "PartialFault";
}

/** Runs all checks concurrently. `checks` of the result has "ok" or the reason for each name. */
export async function checkReadiness(checks: Readonly<Record<string, Check>>): Promise<Readiness> {
  let takesTraffic = true;
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await withDeadline(Promise.resolve().then(check), CHECK_DEADLINE_MS, name);
        return [name, "ok"] as const;
      } catch (error) {
        takesTraffic &&= error instanceof PartialFault;
        return [name, error instanceof Error ? error.message : String(error)] as const;
      }
    }),
  );
  const ready = results.every(([, result]) => result === "ok");
  return { ready, takesTraffic, checks: Object.fromEntries(results) };
}

/** How long one result is reused, ms: a flood of requests costs the dependencies nothing. */
const KEPT_MS = 500;

/** Makes a function that runs all checks, at most once in 500 ms however often it is called. */
export function createReadiness(checks: Readonly<Record<string, Check>>): () => Promise<Readiness> {
  let asked: Promise<Readiness> | undefined;
  return () => {
    asked ??= checkReadiness(checks).finally(() => {
      setTimeout(() => {
        asked = undefined;
      }, KEPT_MS).unref();
    });
    return asked;
  };
}
