import { type Bucket, createBucket, TokenBuckets } from "@parley/runtime/token-bucket";
import { BURST_S, type WorkBudgets } from "@parley/runtime/work";
import { HANDSHAKE_COST, PENDING_BURST, PENDING_PER_SECOND } from "./cost.ts";
import type { DoorLimits } from "./door-limits.ts";

/** Burst of handshakes of one address, in seconds of its rate. */
const HANDSHAKE_BURST_S = 2;

/**
 * The budgets of work by address and by user, which HTTP shares, and what is counted beside them: handshakes by address, sockets by both.
 * An address is its `addressKey`.
 */
export class Admission {
  readonly #limits: DoorLimits;
  readonly #handshakes: TokenBuckets;
  readonly #addresses: TokenBuckets;
  readonly #users: TokenBuckets;

  constructor(limits: DoorLimits, { addresses, users }: WorkBudgets) {
    const { handshakesPerSecond } = limits;
    this.#limits = limits;
    this.#handshakes = new TokenBuckets(handshakesPerSecond, handshakesPerSecond * HANDSHAKE_BURST_S);
    this.#addresses = addresses;
    this.#users = users;
  }

  /** Charges a handshake to an address. Returns 0 if it is within the limits, else how many ms to wait. */
  takeHandshake(address: string, now: number): number {
    if (!this.#limits.isLimited) return 0;
    return this.#handshakes.take(address, now) || this.#addresses.take(address, now, HANDSHAKE_COST);
  }

  /** The budget of a socket that is not authenticated yet. */
  pendingBudget(now: number): Bucket {
    return createBucket(PENDING_PER_SECOND, PENDING_BURST, now);
  }

  /** The budget of an authenticated socket. */
  socketBudget(now: number): Bucket {
    const { workPerSecond } = this.#limits;
    return createBucket(workPerSecond, workPerSecond * BURST_S, now);
  }

  /** The budget of an address; `acquire` counts a socket of it. */
  addressBudget(address: string, now: number): Bucket {
    return this.#addresses.of(address, now);
  }

  userBudget(userId: string, now: number): Bucket {
    return this.#users.of(userId, now);
  }

  /** Counts a socket of an address; returns false, and counts nothing, if it has too many. */
  acquireAddress(address: Bucket): boolean {
    return this.#acquire(address, this.#limits.socketsPerAddress);
  }

  /** Counts a socket of a user; returns false, and counts nothing, if there are too many. */
  acquireUser(user: Bucket): boolean {
    return this.#acquire(user, this.#limits.socketsPerUser);
  }

  #acquire(budget: Bucket, max: number): boolean {
    if (this.#limits.isLimited && budget.sockets >= max) return false;
    budget.sockets += 1;
    return true;
  }
}

/** Counts a socket no more: its TCP has ended. */
export function release(budget: Bucket): void {
  budget.sockets -= 1;
}
