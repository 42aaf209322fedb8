import { createHash } from "node:crypto";
import type { Database } from "@parley/runtime/postgres";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { AuthError } from "./auth-error.ts";
import type { Spacing } from "./fair-queue.ts";

/** Registrations from one address within `REGISTRATION_WINDOW_S`. */
export const REGISTRATIONS_MAX = 60;
const REGISTRATION_WINDOW_S = 60;
/** How long a login counts, minutes. */
const WINDOW_MINUTES = 15;

/**
 * Failed logins are counted for each pair of account and address, for each address, and for each account; good ones for
 * each account. After `free`, attempts must be `SPACING_MS_MIN` apart; each further one doubles that, up to `spacingMsMax`.
 * Nobody is ever locked out. What others do from elsewhere does not slow an address that the account used before.
 */
const RULES = {
  pair: { free: 5, spacingMsMax: 8_000 },
  address: { free: 50, spacingMsMax: 1_000 },
  account: { free: 50, spacingMsMax: 1_000 },
  good: { free: 100, spacingMsMax: 1_000 },
} as const;
const SPACING_MS_MIN = 250;

type Rule = keyof typeof RULES;
/** How often each rule's key was counted. */
type Counts = ReadonlyMap<Rule, number>;

/** Limits on registrations and logins. Logins are counted in Postgres, for all instances. */
export interface Limits {
  /** @throws {AuthError} `rate_limited` if there were too many registrations from this address. */
  countRegistration(address: string): Promise<void>;
  /** What was counted for this account and address; both as in `Turn`. */
  read(account: string, address: string): Promise<Counts>;
  /** How far apart attempts must be by `counts`. */
  spacings(account: string, address: string, counts: Counts, isKnown: boolean): Spacing[];
  countFailure(account: string, address: string): Promise<void>;
  /** Counts a good login, and resets the failures of its account from its address. */
  countSuccess(account: string, address: string): Promise<void>;
}

/** Required time between attempts after `count` of them, ms. */
function spacing(rule: Rule, count: number): number {
  const { free, spacingMsMax } = RULES[rule];
  return count < free ? 0 : Math.min(spacingMsMax, SPACING_MS_MIN * 2 ** (count - free));
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The key of each rule, hashed: names and addresses are not stored. */
const keysOf = (account: string, address: string): [Rule, string][] => [
  ["pair", hash(`pair ${account} ${address}`)],
  ["address", hash(`address ${address}`)],
  ["account", hash(`account ${account}`)],
  ["good", hash(`good ${account}`)],
];

const COUNT = `
  with forgotten as (delete from auth.login_counts where key = any(string_to_array($2, ',')::bytea[]))
  insert into auth.login_counts as c (key, count, expires_at)
  select key, 1, now() + make_interval(mins => ${WINDOW_MINUTES})
  from unnest(string_to_array($1, ',')::bytea[]) key order by key
  on conflict (key) do update set
    count = case when c.expires_at > now() then c.count + 1 else 1 end,
    expires_at = case when c.expires_at > now() then c.expires_at else excluded.expires_at end`;

/** Creates the limits of production. */
export function createLimits(database: Database): Limits {
  const registrations = new RateLimiterMemory({
    keyPrefix: "",
    points: REGISTRATIONS_MAX,
    duration: REGISTRATION_WINDOW_S,
  });
  /** Counts one for each of the rules, and forgets those of `forgotten`. */
  const count = async (account: string, address: string, counted: Rule[], forgotten: Rule[]) => {
    const keys = keysOf(account, address);
    const of = (rules: Rule[]) =>
      keys.flatMap(([rule, key]) => (rules.includes(rule) ? [`\\x${key}`] : [])).join();
    await database.query(COUNT, [of(counted), of(forgotten)]);
  };
  return {
    async countRegistration(address) {
      try {
        await registrations.consume(address);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        throw new AuthError("rate_limited", "too many registrations from this address; try again later", {
          retryAfterMs: refusal.msBeforeNext,
        });
      }
    },
    async read(account, address) {
      const keys = keysOf(account, address);
      const rows = await database.query<{ key: string; count: number }>(
        `select encode(key, 'hex') as key, count from auth.login_counts
         where key = any(string_to_array($1, ',')::bytea[]) and expires_at > now()`,
        [keys.map(([, key]) => `\\x${key}`).join()],
      );
      const counts = new Map(rows.map((row) => [row.key, row.count]));
      return new Map(keys.map(([rule, key]) => [rule, counts.get(key) ?? 0]));
    },
    spacings(account, address, counts, isKnown) {
      const rules: Rule[] = isKnown ? ["pair", "good"] : ["pair", "address", "account", "good"];
      const keys = { pair: `${account} ${address}`, address, account, good: account };
      const all = rules.map(
        (rule) => [`${rule} ${keys[rule]}`, spacing(rule, counts.get(rule) ?? 0)] as const,
      );
      return all.filter(([, ms]) => ms > 0);
    },
    countFailure: (account, address) => count(account, address, ["pair", "address", "account"], []),
    countSuccess: (account, address) => count(account, address, ["good"], ["pair"]),
  };
}

/** Creates limits that allow everything, for load tests. */
export function createNoLimits(): Limits {
  const nothing = async () => undefined;
  return {
    countRegistration: nothing,
    read: async () => new Map(),
    spacings: () => [],
    countFailure: nothing,
    countSuccess: nothing,
  };
}
