import { TokenBuckets } from "./token-bucket.ts";

/**
 * What work costs, in units: one unit is about 100 µs of CPU of all processes together (decision 40). A command of a
 * socket and a route declare their cost beside their handler.
 */

/** Budgets of a user and of an address, in budgets of one socket. */
const USER_SHARE = 2;
const ADDRESS_SHARE = 20;
/** Seconds of its rate that a budget holds when it is full. */
export const BURST_S = 10;

/** Cost of an HTTP request of which nothing else is known. */
export const REQUEST_COST = 1;
/** Cost of an answer 429, which an empty budget owes. */
export const REFUSED_COST = 0.5;

/** Budgets of work by user and by address, which sockets and HTTP requests share. An address is its `addressKey`. */
export class WorkBudgets {
  readonly users: TokenBuckets;
  readonly addresses: TokenBuckets;

  /** @param workPerSecond units a second of one socket */
  constructor(workPerSecond: number) {
    const budgets = (share: number) =>
      new TokenBuckets(workPerSecond * share, workPerSecond * share * BURST_S);
    this.users = budgets(USER_SHARE);
    this.addresses = budgets(ADDRESS_SHARE);
  }
}
