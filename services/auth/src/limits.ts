import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { AuthError } from "./auth-error.ts";
import { createTurns } from "./turns.ts";

/** Registrations from one address in `REGISTRATION_WINDOW_S`. */
export const REGISTRATIONS_MAX = 60;
const REGISTRATION_WINDOW_S = 60;
/** How long a failed login is remembered, seconds. */
const FAILURE_WINDOW_S = 900;
/** The longest that an attempt is held back; whoever would wait longer is told when to come again, ms. */
const WAIT_MS_MAX = 8_000;

/**
 * How failures slow an account as seen from one address, an address, and an account from everywhere: the first
 * `free` cost nothing, then attempts are spaced, doubling up to `spacingMsMax`. Nobody is ever locked out.
 */
const RULES = {
  pair: { free: 5, spacingMsMax: 8_000 },
  address: { free: 50, spacingMsMax: 1_000 },
  account: { free: 50, spacingMsMax: 1_000 },
} as const;
const SPACING_MS_MIN = 250;

type Rule = keyof typeof RULES;

/** The doors' limits. They are kept in memory, by each instance for itself. */
export interface Limits {
  /** @throws {AuthError} `rate_limited` when the address registered too often. */
  countRegistration(address: string): Promise<void>;
  /**
   * Waits for the turn of a login, before anything is hashed.
   *
   * @throws {AuthError} `rate_limited` if that would take longer than WAIT_MS_MAX.
   */
  awaitTurn(username: string, address: string): Promise<void>;
  countFailure(username: string, address: string): Promise<void>;
  /** Forgets the failures of an account from this address after a good login. */
  forgive(username: string, address: string): Promise<void>;
}

/** How far apart attempts are after so many failures, ms. */
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

/** The limits as they are told in the public contract. */
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

/** No limits at all, for load tests. */
export function createNoLimits(): Limits {
  const nothing = async () => undefined;
  return { countRegistration: nothing, awaitTurn: nothing, countFailure: nothing, forgive: nothing };
}
