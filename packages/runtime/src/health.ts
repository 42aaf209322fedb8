import { withDeadline } from "./deadline.ts";

/** How long one part may take to say that it is well, ms. */
const CHECK_DEADLINE_MS = 1_500;

/** Resolves if a part is well; throws an error whose message says what is wrong. */
export type Check = () => Promise<unknown> | unknown;

export type Readiness = Readonly<{ ready: boolean; checks: Record<string, string> }>;

/** Asks all parts at the same time. `checks` holds "ok" or the reason for each part. */
export async function askReadiness(checks: Readonly<Record<string, Check>>): Promise<Readiness> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([part, check]) => {
      try {
        await withDeadline(Promise.resolve().then(check), CHECK_DEADLINE_MS, part);
        return [part, "ok"] as const;
      } catch (error) {
        return [part, error instanceof Error ? error.message : String(error)] as const;
      }
    }),
  );
  return { ready: answers.every(([, answer]) => answer === "ok"), checks: Object.fromEntries(answers) };
}
