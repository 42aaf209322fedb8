import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { AuthError } from "./auth-error.ts";
import { createTurns } from "./turns.ts";

/** Registrations from one address within `REGISTRATION_WINDOW_S`. */
export const REGISTRATIONS_MAX = 60;
const REGISTRATION_WINDOW_S = 60;
/** How long a failed login counts, seconds. */
const FAILURE_WINDOW_S = 900;
/** Longest delay of a login, ms; an attempt that would have to wait longer is refused. */
const WAIT_MS_MAX = 8_000;

/**
 * Failed logins are counted for each pair of account and address, for each address, and for each account. After `free`
 * failures, attempts must be `SPACING_MS_MIN` apart; each further failure doubles that, up to `spacingMsMax`. Nobody is
 * ever locked out.
 */
const RULES = {
  pair: { free: 5, spacingMsMax: 8_000 },
  address: { free: 50, spacingMsMax: 1_000 },
  account: { free: 50, spacingMsMax: 1_000 },
} as const;
const SPACING_MS_MIN = 250;

type Rule = keyof typeof RULES;

/** Limits on registrations and logins. Counters are in memory, so each instance counts for itself. */
export interface Limits {
  /** @throws {AuthError} `rate_limited` if there were too many registrations from this address. */
  countRegistration(address: string): Promise<void>;
  /**
   * Delays a login as earlier failures require. Call it before any work is done for the login.
   *
   * @throws {AuthError} `rate_limited` if the delay would be longer than `WAIT_MS_MAX`.
   */
  awaitTurn(username: string, address: string): Promise<void>;
  countFailure(username: string, address: string): Promise<void>;
  /** Resets the failures of the pair of account and address after a successful login. */
  forgive(username: string, address: string): Promise<void>;
}

/** Required time between attempts after `failures` failures, ms. */
function spacing(rule: Rule, failures: number): number {
  const { free, spacingMsMax } = RULES[rule];
  return failures < free ? 0 : Math.min(spacingMsMax, SPACING_MS_MIN * 2 ** (failures - free));
}

function keysOf(username: string, address: string): [Rule, string][] {
  const account = username.toLowerCase();
  return [
    ["pair", `p ${account} ${address}`],
    ["address", `i ${address}`],
    ["account", `a ${account}`],
  ];
}

const slowDown = (what: string, retryAfterMs: number) =>
  new AuthError("rate_limited", `too many ${what}; try again later`, { retryAfterMs });

/** Creates the limits of production. */
export function createLimits(): Limits {
  const registrations = new RateLimiterMemory({
    keyPrefix: "",
    points: REGISTRATIONS_MAX,
    duration: REGISTRATION_WINDOW_S,
  });
  const failures = new RateLimiterMemory({ keyPrefix: "", points: 1, duration: FAILURE_WINDOW_S });
  const turns = createTurns(WAIT_MS_MAX);
  return {
    async countRegistration(address) {
      try {
        await registrations.consume(address);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        throw slowDown("registrations from this address", refusal.msBeforeNext);
      }
    },
    async awaitTurn(username, address) {
      const spacings: [string, number][] = [];
      for (const [rule, key] of keysOf(username, address)) {
        const seen = await failures.get(key);
        spacings.push([key, spacing(rule, seen?.consumedPoints ?? 0)]);
      }
      const lateMs = await turns.wait(spacings);
      if (lateMs > 0) throw slowDown("failed logins", lateMs);
    },
    async countFailure(username, address) {
      for (const [, key] of keysOf(username, address)) await failures.penalty(key);
    },
    async forgive(username, address) {
      await failures.delete(`p ${username.toLowerCase()} ${address}`);
    },
  };
}

/** Creates limits that allow everything, for load tests. */
export function createNoLimits(): Limits {
  const nothing = async () => undefined;
  return { countRegistration: nothing, awaitTurn: nothing, countFailure: nothing, forgive: nothing };
}
