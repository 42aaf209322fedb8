import { withDeadline } from "./deadline.ts";

/** Deadline of one check, ms. */
const CHECK_DEADLINE_MS = 1_500;

/** Checks one dependency of the service. Throws, or rejects, with the reason if it is not ready. */
export type Check = () => Promise<unknown> | unknown;

export type Readiness = Readonly<{ ready: boolean; checks: Record<string, string> }>;

/** Runs all checks concurrently. `checks` of the result has "ok" or the reason for each name. */
export async function checkReadiness(checks: Readonly<Record<string, Check>>): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await withDeadline(Promise.resolve().then(check), CHECK_DEADLINE_MS, name);
        return [name, "ok"] as const;
      } catch (error) {
        return [name, error instanceof Error ? error.message : String(error)] as const;
      }
    }),
  );
  return { ready: results.every(([, result]) => result === "ok"), checks: Object.fromEntries(results) };
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
